import type { CallOptions } from "@fairlead/grpc";

/** What SFTPGo's own clients allow a plugin. */
const DEFAULT_TIMEOUT_MS = 20_000;

/** How long one call of a plugin may take, and what ends it earlier. */
export interface RpcOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** How long the plugin may take. Default 20 000, as SFTPGo's own clients. */
  readonly timeoutMs?: number;
}

export function toCallOptions({ signal, timeoutMs = DEFAULT_TIMEOUT_MS }: RpcOptions = {}): CallOptions {
  // Without a spread, which costs as much as all else a call's options need.
  return signal === undefined ? { deadlineMs: timeoutMs } : { deadlineMs: timeoutMs, signal };
}
