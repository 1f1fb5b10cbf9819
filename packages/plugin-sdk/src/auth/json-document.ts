/**
 * JSON that survives a round trip. Go writes 64-bit integers as bare numbers, and a JavaScript number holds 53 bits of
 * them: an integer that would lose digits is read as a `bigint`, and written as a bare number again.
 */

/** Largest text taken, either way. A user with thousands of keys stays far below. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads any JSON. A key `__proto__`, which no server writes, is left out: copying its object would change what the copy
 * inherits. Throws what `JSON.parse` throws, and RangeError for a text too long or a number beyond all measure.
 */
export function parseJson(text: string): unknown {
  checkLength(text);
  return exactJson.parse(text, reviveExactly);
}

/**
 * The opposite of {@link parseJson}. Keys keep their order, `undefined` values are left out. Throws TypeError for NaN and
 * infinite numbers, for circles, and for what is no value of JSON.
 */
export function formatJson(value: unknown): string {
  const text = exactJson.stringify(value, writeBare);
  if (text === undefined) throw new TypeError("there is no JSON of this value");
  checkLength(text);
  return text;
}

function checkLength({ length }: string): void {
  if (length > MAX_CHARACTERS)
    throw new RangeError(`JSON has ${length} characters, at most ${MAX_CHARACTERS} are taken`);
}

function reviveExactly(key: string, value: unknown, { source }: SourceContext): unknown {
  if (key === "__proto__") return undefined;
  if (typeof value !== "number" || source === undefined) return value;
  if (!Number.isFinite(value)) throw new RangeError(`JSON has a number that none can hold: ${source.slice(0, 32)}`);
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** JSON has no such numbers, and would have null in their place: to a server 0, which is no limit. */
function writeBare(key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${JSON.stringify(key)} is ${value}`);
  return typeof value === "bigint" ? exactJson.rawJSON(value.toString()) : value;
}

interface SourceContext {
  readonly source?: string;
}

// TypeScript's library does not declare the reviver's context and rawJSON yet; Node 24 has both.
const exactJson = JSON as unknown as {
  readonly parse: (text: string, reviver: typeof reviveExactly) => unknown;
  // Undefined for functions and the like, and what has a toJSON that says so.
  readonly stringify: (value: unknown, replacer: typeof writeBare) => string | undefined;
  readonly rawJSON: (text: string) => unknown;
};
