const UNIT_MS: ReadonlyMap<number, number> = new Map(
  Object.entries({ H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }).map(([unit, ms]) => [
    unit.charCodeAt(0),
    ms,
  ]),
);
/** The value of `grpc-timeout` has at most eight digits (gRPC over HTTP/2). */
const MAX_VALUE = 99_999_999;

/** Rounds up: a server must not give up before its client does. */
export function formatGrpcTimeout(timeoutMs: number): string {
  if (timeoutMs <= MAX_VALUE) return `${Math.max(1, Math.ceil(timeoutMs))}m`;
  if (timeoutMs <= MAX_VALUE * 1000) return `${Math.ceil(timeoutMs / 1000)}S`;
  return `${Math.min(MAX_VALUE, Math.ceil(timeoutMs / 3_600_000))}H`;
}

/** Milliseconds, or undefined when the text is no timeout. */
export function parseGrpcTimeout(text: string): number | undefined {
  // Read by hand: go-plugin hosts send a different one with each call.
  const digits = text.length - 1;
  if (digits < 1 || digits > 8) return undefined;
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  const unitMs = UNIT_MS.get(text.charCodeAt(digits));
  return unitMs === undefined ? undefined : value * unitMs;
}
