import { join } from "node:path";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { ECHO_HANDSHAKE, echoKind } from "./echo-kind.ts";
import type { Sandbox } from "./sandbox.ts";

export const echoKinds = { echo: echoKind };
export type EchoKinds = typeof echoKinds;

/** Options for a test's own executable. */
export function echoOptions(
  command: string,
  options: Partial<LaunchOptions<EchoKinds>> = {},
): LaunchOptions<EchoKinds> {
  return { command, env: {}, handshake: ECHO_HANDSHAKE, versions: { 1: echoKinds }, stopGraceMs: 300, ...options };
}

/** Launches the real echo plugin, from its source. */
export async function launchEcho(
  sandbox: Sandbox,
  options: Partial<LaunchOptions<EchoKinds>> = {},
): Promise<PluginProcess<EchoKinds>> {
  const fixture = join(import.meta.dirname, "../fixtures/echo-plugin.ts");
  const plugin = await launch({
    ...echoOptions(process.execPath, { stopGraceMs: 5_000, ...options }),
    args: ["--conditions=source", fixture, ...(options.args ?? [])],
    env: { TMPDIR: sandbox.temporary, ...options.env },
  });
  sandbox.watch(plugin.pid);
  return plugin;
}
