import { Metadata } from "./metadata.ts";
import type { ErrorStatusCode, StatusCode } from "./status.ts";

export interface GrpcErrorOptions {
  /** Sent as trailing metadata by a server; what the server sent, on a client. */
  readonly trailers?: Metadata;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("@fairlead/grpc.GrpcError");

/**
 * A call that did not end with OK. Clients throw it; a handler throws it to answer with that status
 * (anything else a handler throws is answered as UNKNOWN with its message, as Go does).
 */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: ErrorStatusCode;
  readonly trailers: Metadata;
  readonly [BRAND] = true;

  constructor(code: ErrorStatusCode, message: string, options: GrpcErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.trailers = options.trailers ?? new Metadata();
  }

  /** True for any copy of the package's GrpcError, of that code when one is given. */
  static is(value: unknown, code?: StatusCode): value is GrpcError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as GrpcError).code === code;
  }

  /** What a handler threw, as the error its caller will see. */
  static from(thrown: unknown): GrpcError {
    if (GrpcError.is(thrown)) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new GrpcError("UNKNOWN", message, { cause: thrown });
  }
}
