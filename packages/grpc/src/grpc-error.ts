import { Metadata } from "./metadata.ts";
import type { ErrorStatusCode, StatusCode } from "./status.ts";

/** What a status may carry besides its code and message. */
export interface GrpcErrorOptions {
  /** Sent as trailing metadata by a server; what the server sent, on a client. */
  readonly trailers?: Metadata;
  /** What went wrong below; not sent. */
  readonly cause?: unknown;
  /** On a client: the server has not acted on the call, and why that is known. Default: it may have. */
  readonly unprocessed?: Unprocessed;
}

/**
 * Why the server has not acted on a call: it never left this side (`unsent`), or the server says so (`refused`: reset with
 * REFUSED_STREAM, or beyond the last stream of a GOAWAY).
 */
export type Unprocessed = "unsent" | "refused";

const BRAND = Symbol.for("@fairlead/grpc.GrpcError");

/**
 * A call that did not end with OK. Clients throw it; a handler throws it to answer with that status
 * (anything else a handler throws is answered as UNKNOWN with its message, as Go does).
 */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: ErrorStatusCode;
  readonly trailers: Metadata;
  /** On a client: the call may be made again, whatever it does. Undefined when the server may have acted on it. */
  readonly unprocessed: Unprocessed | undefined;
  readonly [BRAND] = true;

  constructor(code: ErrorStatusCode, message: string, options: GrpcErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.unprocessed = options.unprocessed;
    this.trailers = options.trailers ?? new Metadata();
  }

  /** True for any copy of the package's GrpcError, of that code when one is given. */
  static is(value: unknown, code?: StatusCode): value is GrpcError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as GrpcError).code === code;
  }

  /** What a handler threw, as the error its caller will see. */
  static from(thrown: unknown): GrpcError {
    return toGrpcError(thrown);
  }
}

// Bundlers rename a class whose body names it, and Node shows an error by the name of its class.
function toGrpcError(thrown: unknown): GrpcError {
  try {
    if (GrpcError.is(thrown)) return thrown;
    const message = String(thrown instanceof Error ? thrown.message : thrown);
    return new GrpcError("UNKNOWN", message, { cause: thrown });
  } catch {
    // It has no text, as an object without prototype, or throws when it is asked for it. The call must end all the same.
    return new GrpcError("UNKNOWN", "something was thrown that has no message", { cause: thrown });
  }
}
