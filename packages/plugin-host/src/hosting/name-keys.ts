import { PluginError } from "@fairlead/go-plugin";
import type { Env } from "../config/env.ts";
import type { PluginConfig } from "../config/plugin-config.ts";

/**
 * The error of a start, with the keys of the plugin's entry that it has to do with: go-plugin, which found out what
 * happened, knows its own options only.
 */
export function nameKeys(error: unknown, config: PluginConfig, env: Env): unknown {
  if (!PluginError.is(error)) return error;
  const keys = keysOf(error, config, env);
  if (keys === undefined) return error;
  const { code, summary, details, cause } = error;
  return new PluginError(code, `${summary}\n${keys}`, { details, ...(cause !== undefined && { cause }) });
}

function keysOf({ code, summary }: PluginError, { autoMtls, fairlead }: PluginConfig, env: Env): string | undefined {
  if (code === "ERR_PLUGIN_START_TIMEOUT") {
    return `In the plugin's entry: fairlead.start_timeout, which is ${fairlead.startTimeoutMs / 1_000} (seconds).`;
  }
  if (code === "ERR_TLS_IDENTITY") return `In the plugin's entry: auto_mtls, which is ${autoMtls}.`;
  if (code !== "ERR_PLUGIN_EXITED_EARLY") return undefined;
  if (fairlead.sandbox !== undefined) {
    return "In the plugin's entry: fairlead.sandbox, whose read, write and network name all it may use; started by hand it has no sandbox.";
  }
  const lacksPath = env["PATH"] === undefined && summary.includes("PATH");
  return lacksPath ? `In the plugin's entry: env_vars, which lacks "PATH".` : undefined;
}
