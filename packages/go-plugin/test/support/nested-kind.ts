import type { CookiePair } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { PluginProcess } from "@fairlead/go-plugin/host";
import { echoKind } from "./echo-kind.ts";

const kinds = { echo: echoKind };

/** Each level has a cookie of its own, so that a leaked one can be told. */
export function cookieOf(level: number): CookiePair {
  return { key: `NESTED_${level}`, value: `cookie of level ${level}` };
}

/** Launches the nested plugin of this level and gives it everything this process has, as careless authors do. */
export async function launchNested(level: number, tls: "auto" | "none"): Promise<PluginProcess<typeof kinds>> {
  const fixture = new URL("../fixtures/nested-plugin.ts", import.meta.url).pathname;
  return await launch({
    command: process.execPath,
    args: ["--conditions=source", fixture, String(level)],
    env: process.env as Record<string, string>,
    handshake: cookieOf(level),
    versions: { 1: kinds },
    tls,
    stopGraceMs: 5_000,
  });
}
