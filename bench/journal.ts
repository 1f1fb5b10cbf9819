import { join } from "node:path";
import { silentLogger } from "@fairlead/go-plugin";
import { parsePluginConfigs, startPluginManager } from "@fairlead/plugin-host";
import type { HostEvent, PluginManager } from "@fairlead/plugin-host";
import { OpenSsh } from "../e2e/harness/openssh.ts";
import { RawSftp } from "../e2e/harness/raw-sftp.ts";
import { Sandbox } from "../e2e/harness/sandbox.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { notifierEntry, type Section, writeConfig } from "../e2e/harness/server-config.ts";
import { skipWithout } from "../e2e/harness/tools.ts";
import { addUser } from "../e2e/harness/users.ts";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { median } from "./harness/median.ts";
import type { Comparison, Report } from "./harness/report.ts";
import { uploadEvent } from "./harness/upload-event.ts";
import { quantile, timeUploads } from "./harness/upload-times.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 5);
const eventCount = 20_000;
const userCount = 64;
const uploadCount = 500;

/** What the journal costs: in events a second, and to a client that waits for its reply; and what a hanging plugin costs. */
export async function benchJournal(): Promise<readonly Report[]> {
  return [await benchThroughput(), await benchUploads()];
}

type Delivery = "memory" | "journal";

async function benchThroughput(): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const rates: Record<Delivery | "held", number[]> = { memory: [], journal: [], held: [] };
  for (let round = 0; round <= rounds; round++) {
    rates.memory.push(await measureRate(stack, "memory", publishAll));
    rates.journal.push(await measureRate(stack, "journal", publishAll));
    rates.held.push(await measureRate(stack, "journal", publishOneByOne));
  }
  const rate = (kind: keyof typeof rates): number => median(rates[kind].slice(1));
  const compare = (what: string, ours: number): Comparison => ({ what, unit: "events/s", ours, peer: rate("memory") });
  return {
    title: `${eventCount} events of ${userCount} users to a notifier that does nothing, AutoMTLS, medians of ${rounds}`,
    peer: "delivery in memory",
    comparisons: [
      { ...compare("through the journal, all published at once", rate("journal")), wanted: { atLeast: 0.4 } },
      compare("through the journal, each user waits for the disk before the next", rate("held")),
    ],
  };
}

/** From the first event published to the last one taken. */
async function measureRate(
  stack: AsyncDisposableStack,
  delivery: Delivery,
  publish: (manager: PluginManager) => Promise<void>,
): Promise<number> {
  const sandbox = await openDiskSandbox(stack);
  const entry = notifierEntry(await bundle(sandbox, "silent-notifier"), { auto_mtls: true, fairlead: { delivery } });
  const manager = await startPluginManager({
    plugins: parsePluginConfigs([entry]),
    env: sandbox.environment(),
    logger: silentLogger,
    journal: { file: sandbox.path("data", "journal.db") },
  });
  const startMs = performance.now();
  await publish(manager);
  await manager.notifiers.drain();
  const tookMs = performance.now() - startMs;
  await manager.stop();
  await sandbox.close();
  return (eventCount / tookMs) * 1_000;
}

async function publishAll({ notifiers }: PluginManager): Promise<void> {
  for (let index = 0; index < eventCount; index++) {
    notifiers.publish(eventOf(index));
    // As many as a busy turn of the server might have.
    if (index % 200 === 199) await new Promise(setImmediate);
  }
}

async function publishOneByOne({ notifiers }: PluginManager): Promise<void> {
  const work = async (user: number): Promise<void> => {
    for (let index = user; index < eventCount; index += userCount) await notifiers.publishDurably(eventOf(index));
  };
  await Promise.all(Array.from({ length: userCount }, (_, user) => work(user)));
}

const template = uploadEvent();

function eventOf(index: number): HostEvent {
  return { kind: "fs", event: { ...template, username: `user${index % userCount}`, virtualPath: `/f${index}` } };
}

interface Scene {
  readonly name: string;
  readonly session: RawSftp;
  readonly times: number[];
}

async function benchUploads(): Promise<Report> {
  const title = `${uploadCount} uploads of 1 KiB one after the other, ${rounds} rounds`;
  const peer = "the same server without a plugin";
  const missing = skipWithout("ssh", "ssh-keygen");
  if (missing !== false) return { title, peer, comparisons: [], skipped: [`all: ${missing}`] };
  await using stack = new AsyncDisposableStack();
  const without = await startScene(stack, "no plugin", undefined);
  const others = [
    await startScene(stack, "told in memory", { plugin: "silent-notifier", delivery: "memory" }),
    await startScene(stack, "told through the journal", { plugin: "silent-notifier", delivery: "journal" }),
    await startScene(stack, "plugin hangs, memory", { plugin: "hanging-notifier", delivery: "memory" }),
    await startScene(stack, "plugin hangs, journal", { plugin: "hanging-notifier", delivery: "journal" }),
  ];
  for (let round = 0; round <= rounds; round++) {
    for (const { session, times } of [without, ...others]) {
      const taken = await timeUploads(session, `round${round}`, uploadCount);
      if (round > 0) times.push(...taken);
    }
  }
  const compare = ({ name, times }: Scene, share: number, label: string): Comparison => ({
    what: `${name}, ${label}`,
    unit: "ms",
    ours: quantile(times, share),
    peer: quantile(without.times, share),
  });
  return {
    title,
    peer,
    comparisons: others.flatMap((scene) => [compare(scene, 0.5, "p50"), compare(scene, 0.99, "p99")]),
  };
}

interface Plugged {
  readonly plugin: "silent-notifier" | "hanging-notifier";
  readonly delivery: Delivery;
}

async function startScene(stack: AsyncDisposableStack, name: string, plugged: Plugged | undefined): Promise<Scene> {
  const sandbox = await openDiskSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const plugins: Section[] = [];
  if (plugged !== undefined) {
    const { plugin, delivery } = plugged;
    plugins.push(
      notifierEntry(await bundle(sandbox, plugin), {
        auto_mtls: true,
        fairlead: { delivery },
        notifier_options: { fs_events: ["upload"], log_events: [], retry_max_time: 3_600 },
      }),
    );
  }
  // What a hanging plugin was not told in time is not waited for at the end.
  const config = await writeConfig(sandbox, { plugins, sections: { fairlead: { event_drain_time: 0 } } });
  const user = await addUser(sandbox, openSsh, config, "bench");
  const server = await TestServer.start(sandbox, { config });
  const session = await RawSftp.open(openSsh, server, user.byKey);
  sandbox.defer(async () => {
    await session.close();
  });
  return { name, session, times: [] };
}

/** On a disk: that is what is measured here. */
async function openDiskSandbox(stack: AsyncDisposableStack): Promise<Sandbox> {
  return await Sandbox.open({ after: (clean) => stack.defer(clean) });
}

async function bundle(sandbox: Sandbox, name: Plugged["plugin"]): Promise<string> {
  return await bundlePlugin(join(import.meta.dirname, "fixtures", `${name}.ts`), sandbox.path("plugins", name));
}
