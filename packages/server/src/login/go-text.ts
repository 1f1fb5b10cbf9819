import { GrpcError } from "@fairlead/plugin-sdk/client";

/** gRPC's codes as Go's client prints them (grpc/codes). */
const GO_CODES: Readonly<Record<string, string>> = {
  CANCELLED: "Canceled",
  UNKNOWN: "Unknown",
  INVALID_ARGUMENT: "InvalidArgument",
  DEADLINE_EXCEEDED: "DeadlineExceeded",
  NOT_FOUND: "NotFound",
  ALREADY_EXISTS: "AlreadyExists",
  PERMISSION_DENIED: "PermissionDenied",
  RESOURCE_EXHAUSTED: "ResourceExhausted",
  FAILED_PRECONDITION: "FailedPrecondition",
  ABORTED: "Aborted",
  OUT_OF_RANGE: "OutOfRange",
  UNIMPLEMENTED: "Unimplemented",
  INTERNAL: "Internal",
  UNAVAILABLE: "Unavailable",
  DATA_LOSS: "DataLoss",
  UNAUTHENTICATED: "Unauthenticated",
};
/** Causes looked through for what the plugin said. */
const MAX_CAUSES = 5;

/**
 * What a call to a plugin failed with, as Go's client words it and receivers of log events know it. A plugin that could
 * not be called is `Unavailable`, with the host's words, which name it.
 */
export function formatRpcFailure(error: unknown): string {
  const answered = findGrpcError(error);
  if (answered !== undefined) {
    return `rpc error: code = ${GO_CODES[answered.code] ?? "Unknown"} desc = ${answered.message}`;
  }
  const [message] = (error instanceof Error ? error.message : String(error)).split("\n");
  return `rpc error: code = Unavailable desc = ${message}`;
}

function findGrpcError(error: unknown): GrpcError | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (GrpcError.is(current)) {
      return current;
    }
    current = current.cause;
  }
  return undefined;
}

/** A time as Go's `Duration.String()` prints it: `812µs`, `1.5ms`, `2.25s`, `1m2.5s`. */
export function formatGoDuration(durationMs: number): string {
  const microseconds = Math.max(0, Math.round(durationMs * 1000));
  if (microseconds < 1000) {
    return microseconds === 0 ? "0s" : `${microseconds}µs`;
  }
  if (microseconds < 1_000_000) {
    return `${microseconds / 1000}ms`;
  }
  const seconds = (microseconds % 60_000_000) / 1_000_000;
  const minutes = Math.floor(microseconds / 60_000_000);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
