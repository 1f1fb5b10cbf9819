/**
 * JSON that survives a round trip. SFTPGo writes Go's int64 as bare numbers, and a JavaScript
 * number holds only 53 bits of them, so an integer outside the safe range becomes a `bigint` on
 * the way in and a bare number again on the way out.
 */
export type JsonDocument = Readonly<Record<string, unknown>>;

/** Largest document accepted. A user with thousands of keys stays far below. */
const MAX_DOCUMENT_CHARACTERS = 4 * 1024 * 1024;

/** Parses any JSON value. Throws what `JSON.parse` throws, and `RangeError` for a text too long. */
export function parseJson(text: string): unknown {
  if (text.length > MAX_DOCUMENT_CHARACTERS) {
    throw new RangeError(`JSON text has ${text.length} characters, at most ${MAX_DOCUMENT_CHARACTERS} are accepted`);
  }
  return exactJson.parse(text, exactInteger);
}

/** The opposite of {@link parseJson}. Keys keep their order, `undefined` values are left out. */
export function formatJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, bareBigint, indent);
}

export function isJsonDocument(value: unknown): value is JsonDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function exactInteger(_key: string, value: unknown, context: SourceContext): unknown {
  const source = context.source;
  const isUnsafeInteger = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isUnsafeInteger && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function bareBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? exactJson.rawJSON(value.toString()) : value;
}

interface SourceContext {
  readonly source?: string;
}

// TypeScript's library does not declare the reviver's context and rawJSON yet; Node 24 has both.
const exactJson = JSON as unknown as {
  readonly parse: (text: string, reviver: typeof exactInteger) => unknown;
  readonly rawJSON: (text: string) => unknown;
};
