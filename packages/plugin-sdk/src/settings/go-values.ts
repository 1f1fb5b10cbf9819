/** Reads what Go's programs read from flags and environment variables; `undefined` for what they refuse. */

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** strconv.ParseBool */
export function parseGoBoolean(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

const MAX_DIGITS = 400;
const INTEGER = /^([+-]?)(?:0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?\d)*)$/;

/** strconv.ParseInt with base 0, of any size: `10`, `0x10`, `0b1`, `0o17` and `017`, `1_000`. */
export function parseGoInteger(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS || !INTEGER.test(text)) return undefined;
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "");
  const magnitude = BigInt(digits.replace(/^0(?=\d)/, "0o"));
  return text.startsWith("-") ? -magnitude : magnitude;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|[\u00b5\u03bc]s|ms|s|m|h)/g;

/** time.ParseDuration, in milliseconds; not below zero. */
export function parseGoDuration(text: string): number | undefined {
  const unsigned = text.startsWith("+") ? text.slice(1) : text;
  if (unsigned === "0") return 0;
  const parts = [...unsigned.matchAll(DURATION_PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== unsigned) return undefined;
  const totalMs = parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit ?? ""]!, 0);
  return totalMs <= MAX_DURATION_MS ? totalMs : undefined;
}

// 2^63 - 1 nanoseconds, Go's longest.
const MAX_DURATION_MS = 9_223_372_036_854;
