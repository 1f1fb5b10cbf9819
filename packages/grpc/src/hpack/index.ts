export { HpackDecoder, type HpackDecoderOptions } from "./decoder.ts";
export { HpackEncoder } from "./encoder.ts";
export type { HeaderField } from "./header-field.ts";
export { HpackError, type HpackErrorCode } from "./hpack-error.ts";
