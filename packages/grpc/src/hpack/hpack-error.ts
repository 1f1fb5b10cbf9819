/**
 * Why a header block could not be decoded or encoded.
 * - `COMPRESSION`: the block is malformed; both tables are out of step and the connection must end (RFC 9113 §4.3).
 * - `LIST_TOO_LARGE`: the block is sound but its fields exceed the header list limit; the table is still in step.
 * - `NOT_LATIN1`: a field to encode holds a character that is not one octet.
 */
export type HpackErrorCode = "COMPRESSION" | "LIST_TOO_LARGE" | "NOT_LATIN1";

export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly code: HpackErrorCode;

  constructor(code: HpackErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  static is(value: unknown, code?: HpackErrorCode): value is HpackError {
    return isHpackError(value) && (code === undefined || value.code === code);
  }
}

// Bundlers rename a class whose body names it, and Node shows an error by the name of its class.
function isHpackError(value: unknown): value is HpackError {
  return value instanceof HpackError;
}
