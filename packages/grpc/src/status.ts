/** gRPC status codes by name; the numbers travel in `grpc-status`. */
export type StatusCode =
  | "OK"
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** A status that is not a success. */
export type ErrorStatusCode = Exclude<StatusCode, "OK">;

/** In the order of their wire numbers, 0 to 16. */
const STATUS_CODES: readonly StatusCode[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const NUMBERS = new Map<StatusCode, string>(STATUS_CODES.map((code, number) => [code, String(number)]));

/** The decimal text of `grpc-status`. */
export function toWireStatus(code: StatusCode): string {
  return NUMBERS.get(code) ?? "2";
}

/** Reads `grpc-status`; numbers outside the table and text that is no number are UNKNOWN, as the gRPC document asks. */
export function fromWireStatus(text: string): StatusCode {
  if (text === "0") return "OK";
  return /^[0-9]{1,2}$/.test(text) ? (STATUS_CODES[Number(text)] ?? "UNKNOWN") : "UNKNOWN";
}

/** What an HTTP status says when a response has no `grpc-status` (gRPC's http-grpc-status-mapping.md). */
export function statusFromHttp(httpStatus: string): ErrorStatusCode {
  switch (httpStatus) {
    case "400":
      return "INTERNAL";
    case "401":
      return "UNAUTHENTICATED";
    case "403":
      return "PERMISSION_DENIED";
    case "404":
      return "UNIMPLEMENTED";
    case "429":
    case "502":
    case "503":
    case "504":
      return "UNAVAILABLE";
    default:
      return "UNKNOWN";
  }
}
