import { basename } from "node:path";
import type { Env } from "./env.ts";
import type { PluginConfig } from "./plugin-config.ts";

/**
 * The environment a plugin process gets: nothing of the host's but what `env_prefix` and `env_vars` name, as SFTPGo
 * builds it. The prefix is compared with the whole text `NAME=value`.
 */
export function buildProcessEnvironment(
  config: Pick<PluginConfig, "cmd" | "envPrefix" | "envVars">,
  env: Env,
): Record<string, string> {
  const prefix = resolveEnvPrefix(config);
  const chosen = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || prefix === undefined) continue;
    if (prefix === "*" || `${name}=${value}`.startsWith(prefix)) chosen[name] = value;
  }
  // An unset name is handed over as empty, not left out.
  if (prefix !== "*")
    for (const name of config.envVars) chosen[name] = (Object.hasOwn(env, name) ? env[name] : undefined) ?? "";
  return chosen;
}

/** `undefined`: no variable by prefix; `"*"`: all of them. */
function resolveEnvPrefix({ cmd, envPrefix }: Pick<PluginConfig, "cmd" | "envPrefix">): string | undefined {
  if (envPrefix === "none") return undefined;
  if (envPrefix !== "") return envPrefix;
  const base = basename(cmd);
  // Only the last extension goes, and a name that begins with its only dot is all extension.
  const dot = base.lastIndexOf(".");
  const name = dot === -1 ? base : base.slice(0, dot);
  return `${name.toUpperCase()}_`.replaceAll("-", "_");
}
