export { HpackDecoder } from "./decoder.ts";
export { HpackEncoder } from "./encoder.ts";
export type { HeaderField } from "./header-field.ts";
export { HpackError } from "./hpack-error.ts";
