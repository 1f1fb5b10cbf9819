/** What an `SftpError` says went wrong; the names of the SSH_FX_* codes without their prefix (draft-ietf-secsh-filexfer-02 §7). */
export type SftpErrorCode =
  | "EOF"
  | "NO_SUCH_FILE"
  | "PERMISSION_DENIED"
  | "FAILURE"
  | "BAD_MESSAGE"
  | "NO_CONNECTION"
  | "CONNECTION_LOST"
  | "OP_UNSUPPORTED";

const BRAND = Symbol.for("@fairlead/sftp/SftpError");

/**
 * A refusal or failure that a client hears as a STATUS reply.
 *
 * The message is sent to the client as it is: put no secret and no path outside the client's root in it; those belong
 * in `cause`, which is only logged. It is an answer, not a fault, and has no stack trace: a client that uploads asks for
 * a missing file each time, and taking the trace cost more than looking for the file. Anything else a file system throws is answered with FAILURE and a constant message.
 */
export class SftpError extends Error {
  readonly code: SftpErrorCode;
  readonly [BRAND] = true;

  constructor(code: SftpErrorCode, message: string, options?: { readonly cause?: unknown }) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "SftpError";
    this.code = code;
  }

  /** Whether `value` is an SftpError (of any copy of this package), and of `code` when one is given. */
  static is(value: unknown, code?: SftpErrorCode): value is SftpError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as SftpError).code === code;
  }
}
