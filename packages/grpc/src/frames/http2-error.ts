/** RFC 9113 §7, in the order of their numbers, 0 to 13. */
const ERROR_CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

export type Http2ErrorCode = (typeof ERROR_CODES)[number];

const NUMBERS = new Map<Http2ErrorCode, number>(ERROR_CODES.map((code, number) => [code, number]));

export function toWireErrorCode(code: Http2ErrorCode): number {
  return NUMBERS.get(code) ?? 2;
}

/** Unknown codes are treated as INTERNAL_ERROR (§7). */
export function fromWireErrorCode(number: number): Http2ErrorCode {
  return ERROR_CODES[number] ?? "INTERNAL_ERROR";
}

/** An error that ends the whole connection: thrown while a frame is handled, sent to the peer in GOAWAY. */
export class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly code: Http2ErrorCode;

  constructor(code: Http2ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
