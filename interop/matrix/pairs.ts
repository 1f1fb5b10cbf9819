import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite } from "node:test";
import { buildInterop } from "../build.ts";
import { bundlePlugin, pluginPath } from "../bundle-plugin.ts";
import { openTempFolder, type TempFolder } from "../temp-folder.ts";
import { createGoHost } from "./go-host.ts";
import type { AttachKvOptions, KvHost, KvHostProgram, LaunchKvOptions } from "./kv-host.ts";
import { ourHost } from "./our-host.ts";

const built = await buildInterop();

/** Who plays host and who plays plugin. */
export interface Pair {
  readonly host: "ours" | "Go";
  readonly plugin: "ours" | "Go";
  /** Starts the pair's plugin under its host. */
  readonly open: (options?: OpenOptions) => Promise<KvHost>;
  /** Starts the pair's plugin for any host to attach to. */
  readonly startAlone: (flags?: readonly string[]) => Promise<LonePlugin>;
  readonly attach: (reattach: string, options?: AttachKvOptions) => Promise<KvHost>;
  /** What is in the plugins' TMPDIR: sockets, mostly. */
  readonly temporaryFiles: () => Promise<string[]>;
}

export interface OpenOptions extends LaunchKvOptions {
  readonly flags?: readonly string[];
  /** Puts a relay before the plugin, so that it listens on tcp. */
  readonly tcp?: boolean;
}

/** A plugin in test mode; disposing of it ends it. */
export interface LonePlugin extends AsyncDisposable {
  readonly reattach: string;
  /** Ends it; its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Runs the same tests with our host and a Go plugin, with a Go host and our plugin, and between the two Go programs: what
 * holds there must hold when either side is ours.
 */
export function describePairs(title: string, define: (pair: Pair) => void): void {
  void suite(title, { skip: built === undefined && "go is not installed" }, () => {
    let folder: TempFolder;
    let ourPlugin = "";
    let tcpRelay = "";
    before(async () => {
      folder = await openTempFolder();
      // Go's plugins leave sockets behind when they are killed, and always when they multiplex.
      await mkdir(folder.at("t"));
      const fixtures = join(import.meta.dirname, "..", "fixtures");
      ourPlugin = await bundlePlugin(join(fixtures, "kv-plugin.ts"), folder.at("kv-plugin"));
      tcpRelay = await bundlePlugin(join(fixtures, "tcp-relay.ts"), folder.at("tcp-relay"));
    });
    after(async () => await folder[Symbol.asyncDispose]());

    const { kvHost, kvPlugin } = built!;
    const hosts: Readonly<Record<Pair["host"], KvHostProgram>> = { ours: ourHost, Go: createGoHost(kvHost) };
    for (const [host, plugin] of [
      ["ours", "Go"],
      ["Go", "ours"],
      ["Go", "Go"],
    ] as const) {
      const file = (): string => (plugin === "ours" ? ourPlugin : kvPlugin);
      const [hosting, hosted] = [host, plugin].map((side) => (side === "ours" ? "our" : side));
      void suite(`${hosting} host, ${hosted} plugin`, () => {
        define({
          host,
          plugin,
          open: async ({ flags = [], tcp = false, ...options } = {}) => {
            const command = [...(tcp ? [tcpRelay] : []), file(), ...flags] as [string, ...string[]];
            return await hosts[host].launch({ command, temporaryFolder: folder.at("t") }, options);
          },
          startAlone: async (flags = []) => await startAlone([file(), "--test-mode", ...flags], folder.at("t")),
          attach: async (reattach, options = {}) => await hosts[host].attach(reattach, options),
          temporaryFiles: async () => await readdir(folder.at("t")),
        });
      });
    }
  });
}

async function startAlone(
  [file, ...args]: readonly [string, ...string[]],
  temporaryFolder: string,
): Promise<LonePlugin> {
  const child = spawn(file, args, {
    env: { PATH: pluginPath, TMPDIR: temporaryFolder },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const closed = once(child, "close");
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    await closed;
    return child.exitCode;
  };
  const [reattach] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { reattach, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
