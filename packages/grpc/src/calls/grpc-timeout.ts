const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
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
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}
