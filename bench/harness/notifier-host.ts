/**
 * Our host as a process of its own, the twin of `interop/notifier-host -bench`:
 *
 *     node --conditions=source notifier-host.ts auto|none plugin-executable
 */
import { createInterface } from "node:readline";
import { launch } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, notifierKind, type NotifierClient } from "@fairlead/plugin-sdk/client";
import { uploadEvent } from "./upload-event.ts";
import type { Round, RoundResult } from "./round-host.ts";

const [tls, command] = process.argv.slice(2);
if ((tls !== "auto" && tls !== "none") || command === undefined) {
  throw new Error("usage: notifier-host.ts auto|none plugin-executable");
}

await using plugin = await launch({
  command,
  env: { PATH: process.env["PATH"] ?? "" },
  handshake: NOTIFIER_HANDSHAKE,
  versions: { 1: { notifier: notifierKind } },
  tls,
});
print({ started: { ms: plugin.startMs, pid: plugin.pid } });
const notifier = plugin.dispense("notifier");
for await (const line of createInterface({ input: process.stdin })) {
  print({ round: await runRound(notifier, JSON.parse(line) as Round) });
}
print({ stopped: await plugin.stop() });

async function runRound(to: NotifierClient, { inFlight, count }: Round): Promise<RoundResult> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next++ < count) await to.sendFsEvent(uploadEvent());
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { inFlight, count, callsPerSecond: count / seconds, cpuUsPerCall: (user + system) / count };
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
