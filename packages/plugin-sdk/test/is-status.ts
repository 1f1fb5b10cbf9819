import { GrpcError } from "@fairlead/grpc";
import type { ErrorStatusCode } from "@fairlead/grpc";

/** For `assert.rejects`: a call's status with this code, and this text in its message. */
export const isStatus =
  (code: ErrorStatusCode, text = "") =>
  (error: unknown): boolean =>
    GrpcError.is(error, code) && error.message.includes(text);
