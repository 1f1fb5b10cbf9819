import { PluginError } from "../plugin-error.ts";

/** `ERR_LISTEN_FAILED`; a PluginError stays what it is. */
export function listenFailed(message: string, cause: unknown): PluginError {
  if (PluginError.is(cause)) return cause;
  const reason = cause === undefined ? "" : `: ${cause instanceof Error ? cause.message : JSON.stringify(cause)}`;
  return new PluginError("ERR_LISTEN_FAILED", `${message}${reason}`, { cause });
}
