/** Every code, as documented in docs/reference/server-errors.md; a test holds the two together. */
export const FAIRLEAD_ERROR_CODES = [
  "ERR_ADMIN_EXISTS",
  "ERR_ADMIN_NOT_FOUND",
  "ERR_ALREADY_RUNNING",
  "ERR_CONFIG_FILE",
  "ERR_CONFIG_VALUE",
  "ERR_HOST_KEY",
  "ERR_HTTP_REQUEST",
  "ERR_INVALID_ADMIN",
  "ERR_INVALID_USER",
  "ERR_LISTEN",
  "ERR_PASSWORD_HASH",
  "ERR_SECRET",
  "ERR_STORE",
  "ERR_USAGE",
  "ERR_USER_EXISTS",
  "ERR_USER_NOT_FOUND",
] as const;

/**
 * What can go wrong in the server itself. The code is for programs, the message for people:
 * it says what failed, what was found, and what to do next, and never holds a secret.
 */
export type FairleadErrorCode = (typeof FAIRLEAD_ERROR_CODES)[number];

export interface FairleadErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const brand = Symbol.for("fairlead.error");

/** The one error class of this package. `details` are plain facts, `cause` is what was caught. */
export class FairleadError extends Error {
  override readonly name = "FairleadError";
  readonly code: FairleadErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(code: FairleadErrorCode, message: string, options: FairleadErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Works across two copies of this package, which `instanceof` does not. */
  static is(value: unknown, code?: FairleadErrorCode): value is FairleadError {
    if (!(value instanceof Error) || !(brand in value)) {
      return false;
    }
    return code === undefined || (value as FairleadError).code === code;
  }
}
