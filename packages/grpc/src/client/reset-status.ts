import type { Http2ErrorCode } from "../frames/http2-error.ts";
import { GrpcError } from "../grpc-error.ts";
import type { ErrorStatusCode } from "../status.ts";

/** gRPC over HTTP/2, section Errors; codes it does not map are UNKNOWN. */
const STATUS_OF_RESET: Readonly<Record<Http2ErrorCode, ErrorStatusCode>> = {
  NO_ERROR: "INTERNAL",
  PROTOCOL_ERROR: "INTERNAL",
  INTERNAL_ERROR: "INTERNAL",
  FLOW_CONTROL_ERROR: "INTERNAL",
  SETTINGS_TIMEOUT: "INTERNAL",
  STREAM_CLOSED: "UNKNOWN",
  FRAME_SIZE_ERROR: "INTERNAL",
  REFUSED_STREAM: "UNAVAILABLE",
  CANCEL: "CANCELLED",
  COMPRESSION_ERROR: "INTERNAL",
  CONNECT_ERROR: "INTERNAL",
  ENHANCE_YOUR_CALM: "RESOURCE_EXHAUSTED",
  INADEQUATE_SECURITY: "PERMISSION_DENIED",
  HTTP_1_1_REQUIRED: "UNKNOWN",
};

/** What a call sees when its stream is reset by the peer. */
export function errorFromReset(code: Http2ErrorCode): GrpcError {
  const message = `the stream was reset by the peer with ${code}`;
  return new GrpcError(STATUS_OF_RESET[code], message, code === "REFUSED_STREAM" ? { unprocessed: "refused" } : {});
}
