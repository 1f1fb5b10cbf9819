import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { launch } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, notifierKind } from "@fairlead/plugin-sdk/client";
import { bundlePlugin, pluginPath } from "../interop/bundle-plugin.ts";
import { openTempFolder } from "../interop/temp-folder.ts";
import { median } from "./harness/median.ts";
import type { Report } from "./harness/report.ts";
import { uploadEvent } from "./harness/upload-event.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 20);

const fixtures = join(import.meta.dirname, "fixtures");

/** From the spawn of a bundled TypeScript plugin to its first answered call. */
export async function benchPluginStart(): Promise<readonly Report[]> {
  await using folder = await openTempFolder();
  const plugin = await bundlePlugin(join(fixtures, "silent-notifier.ts"), folder.at("silent-notifier"));
  const oneLine = await bundlePlugin(join(fixtures, "one-line.ts"), folder.at("one-line"));
  const plain: number[] = [];
  const tls: number[] = [];
  const least: number[] = [];
  const warmUpRounds = 2;
  for (let round = -warmUpRounds; round < rounds; round++) {
    const times = [
      await timeFirstCall(plugin, "none"),
      await timeFirstCall(plugin, "auto"),
      await timeProcess(oneLine),
    ];
    if (round < 0) continue;
    for (const [i, list] of [plain, tls, least].entries()) list.push(times[i]!);
  }
  const peer = median(least);
  const report = {
    title: `start of a TypeScript plugin, spawn to first answered call, medians of ${rounds}`,
    peer: "a Node process that prints one line and exits",
    comparisons: [
      { what: "plaintext", unit: "ms", ours: median(plain), peer, wanted: { atMost: 2 } },
      { what: "AutoMTLS", unit: "ms", ours: median(tls), peer, wanted: { atMost: 3 } },
    ],
  };
  return [report];
}

async function timeFirstCall(command: string, tls: "none" | "auto"): Promise<number> {
  const start = performance.now();
  await using plugin = await launch({
    command,
    env: { PATH: pluginPath },
    handshake: NOTIFIER_HANDSHAKE,
    versions: { 1: { notifier: notifierKind } },
    tls,
  });
  await plugin.dispense("notifier").sendFsEvent(uploadEvent());
  return performance.now() - start;
}

async function timeProcess(command: string): Promise<number> {
  const start = performance.now();
  const child = spawn(command, { env: { PATH: pluginPath }, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  await once(child, "close");
  return performance.now() - start;
}
