/** Go's names of gRPC's codes, where they are not ours in camel case. */
const spelledOtherwise: Readonly<Record<string, string>> = { CANCELLED: "Canceled" };

/** An error as gRPC for Go writes it, and SFTPGo's log and log events with it: `rpc error: code = Unknown desc = no`. */
export function formatRpcError(code: string, message: string): string {
  return `rpc error: code = ${spelledOtherwise[code] ?? toCamelCase(code)} desc = ${message}`;
}

/** A message as gRPC for Go has it, where the same fault reads otherwise with us. */
export function toGoMessage(code: string, message: string): string {
  return code === "DEADLINE_EXCEEDED" && /^the deadline of \d+ ms passed/.test(message)
    ? "context deadline exceeded"
    : message;
}

/** `DEADLINE_EXCEEDED` → `DeadlineExceeded`. */
function toCamelCase(code: string): string {
  return code.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A duration as Go writes it: `850µs`, `12.345ms`, `1.5s`, `2m3s`. */
export function formatGoDuration(ms: number): string {
  if (ms <= 0) return "0s";
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${trim(ms)}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${trim((ms - minutes * 60_000) / 1000)}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

function trim(value: number): number {
  return Math.round(value * 1000) / 1000;
}
