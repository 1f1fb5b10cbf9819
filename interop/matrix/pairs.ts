import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite } from "node:test";
import { buildInterop } from "../build.ts";
import { bundlePlugin } from "../bundle-plugin.ts";
import { openTempFolder, type TempFolder } from "../temp-folder.ts";
import { goHostOpener } from "./go-host.ts";
import type { KvHost, KvHostOptions, OpenKvHost } from "./kv-host.ts";
import { openOurHost } from "./our-host.ts";

const built = await buildInterop();

/** Who plays host and who plays plugin. */
export interface Pair {
  readonly host: "ours" | "Go";
  readonly plugin: "ours" | "Go";
  /** Starts the pair's plugin under its host; `flags` are the plugin's. */
  readonly open: (options?: PairOptions) => Promise<KvHost>;
  /** What is in the plugins' TMPDIR: sockets, mostly. */
  readonly temporaryFiles: () => Promise<string[]>;
}

export interface PairOptions extends Omit<KvHostOptions, "command" | "temporaryFolder"> {
  readonly flags?: readonly string[];
}

/**
 * Runs the same tests with our host and a Go plugin, with a Go host and our plugin, and between the two Go programs: what
 * holds there must hold when either side is ours.
 */
export function describePairs(title: string, define: (pair: Pair) => void): void {
  void suite(title, { skip: built === undefined && "go is not installed" }, () => {
    let folder: TempFolder;
    let ourPlugin = "";
    before(async () => {
      folder = await openTempFolder();
      // Go's plugins leave sockets behind when they are killed, and always when they multiplex.
      await mkdir(folder.at("t"));
      const entry = join(import.meta.dirname, "..", "fixtures", "kv-plugin.ts");
      ourPlugin = await bundlePlugin(entry, folder.at("kv-plugin"));
    });
    after(async () => await folder[Symbol.asyncDispose]());

    const { kvHost, kvPlugin } = built!;
    const hosts: Readonly<Record<Pair["host"], OpenKvHost>> = { ours: openOurHost, Go: goHostOpener(kvHost) };
    for (const [host, plugin] of [
      ["ours", "Go"],
      ["Go", "ours"],
      ["Go", "Go"],
    ] as const) {
      void suite(`${host} host, ${plugin} plugin`, () => {
        define({
          host,
          plugin,
          open: async ({ flags = [], ...options } = {}) => {
            const file = plugin === "ours" ? ourPlugin : kvPlugin;
            return await hosts[host]({ ...options, command: [file, ...flags], temporaryFolder: folder.at("t") });
          },
          temporaryFiles: async () => await readdir(folder.at("t")),
        });
      });
    }
  });
}
