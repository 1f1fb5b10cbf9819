import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { bundlePlugin } from "./support/bundled-plugin.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, isAlive, waitFor } from "./support/plugin-folder.ts";
import type { Recorded } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const users = ["ann", "bob", "cat", "dan", "eve"];
const eventsPerUser = 80;

/** Ten plugins, each with a fault of its own but the first. */
const plugins = [
  { name: "good", variables: {} },
  { name: "exits", variables: { CHAOS: "exit" } },
  { name: "crashes", variables: { CHAOS: "crash" } },
  { name: "hangs", variables: { CHAOS: "hang", CHAOS_EVERY: "150" } },
  { name: "is-slow", variables: { CHAOS: "slow" } },
  { name: "throws", variables: { CHAOS: "throw" } },
  { name: "floods", variables: { CHAOS: "flood" } },
  { name: "leaks", variables: { CHAOS: "leak" } },
  { name: "sends-garbage", variables: { CHAOS: "garbage" } },
  { name: "does-not-stop", variables: { CHAOS_STUBBORN: "1" } },
] as const;

const leakLimitBytes = 400 * 1_048_576;

test("ten plugins at once, nine of them faulty, take every event in each user's order and leave nothing behind", async () => {
  using folder = new PluginFolder();
  using _sockets = socketsIn(folder.path);
  const entries = await Promise.all(
    plugins.map(async ({ name, variables }) => {
      const cmd = `${folder.path}/${name}`;
      await bundlePlugin(cmd, "chaos.ts", { RECORDER_FILE: folder.recordFile(name), ...variables });
      return { cmd, notifier_options: { retry_max_time: 600 } };
    }),
  );
  const before = resources();
  await using manager = await startPluginManager({
    plugins: configure(...entries),
    env,
    logger: createMemoryLogger(),
    restart: { initialDelayMs: 10, maxDelayMs: 50 },
    health: { intervalMs: 200, timeoutMs: 500, maxFailures: 2 },
  });
  const outOfMemory = killWhenLarge(() => manager.status()[7]?.pid);
  for (let index = 0; index < eventsPerUser; index++) {
    for (const user of users) manager.notifiers.publish(upload(user, `/${index}`));
    await sleep(2);
  }
  // A faulty plugin must not hold up a good one.
  await waitFor(() => manager.status()[0]?.delivered === users.length * eventsPerUser, "the good plugin's events");
  const { dropped } = await manager.notifiers.drain({ timeoutMs: 120_000 });
  outOfMemory.stop();
  const status = manager.status();
  await manager.stop({ drainMs: 1_000 });

  assert.equal(dropped, 0);
  for (const { name } of plugins) assertEverythingInOrder(name, folder.recorded(name));
  assert.deepEqual(
    [0, 4, 5, 6, 9].map((index) => status[index]?.restarts),
    [0, 0, 0, 0, 0],
    "who only is slow, throws, floods or does not want to stop is not started again",
  );
  for (const index of [1, 2, 3, 7, 8])
    assert.ok((status[index]?.restarts ?? 0) > 0, `${status[index]?.name} was started again`);
  const pids = plugins.flatMap(({ name }) => folder.recorded(name)).flatMap(({ start }) => start ?? []);
  assert.ok(pids.length > plugins.length);
  assert.deepEqual(pids.filter(isAlive), []);
  await assertNothingLeft(before);
});

/** How many reloads, and how many of them replace a process; more on demand. */
const reloads = Number(process.env["FAIRLEAD_CHAOS_RELOADS"] ?? 1_000);
const replaceEvery = Number(process.env["FAIRLEAD_CHAOS_REPLACE_EVERY"] ?? 25);

test(`${reloads} reloads leave no process, socket, file or timer behind`, async () => {
  using folder = new PluginFolder();
  using _sockets = socketsIn(folder.path);
  const cmd = `${folder.path}/good`;
  await bundlePlugin(cmd, "chaos.ts", { RECORDER_FILE: folder.recordFile("good") });
  const configured = (run: number) =>
    configure({
      cmd,
      args: [String(Math.floor(run / replaceEvery))],
      notifier_options: { retry_max_time: 600 + run },
    });
  const before = resources();
  await using manager = await startPluginManager({ plugins: configured(0), env, logger: createMemoryLogger() });
  let afterFirst: Resources | undefined;
  for (let run = 1; run <= reloads; run++) {
    manager.notifiers.publish(upload("ann", `/${run}`));
    const { ok } = await manager.reload(configured(run));
    assert.ok(ok);
    if (run === replaceEvery) afterFirst = resources();
  }
  // As much as after the first replacement, once the last process's descriptors are closed.
  await waitFor(() => afterFirst !== undefined && isNoMore(resources(), afterFirst), "nothing more to be open");
  await manager.stop();
  const recorded = folder.recorded("good");
  const paths = recorded.flatMap(({ path }) => path ?? []);
  assert.deepEqual(
    paths,
    Array.from({ length: reloads }, (_, index) => `/${index + 1}`),
  );
  const pids = recorded.flatMap(({ start }) => start ?? []);
  assert.equal(pids.length, 1 + Math.floor(reloads / replaceEvery));
  assert.deepEqual(pids.filter(isAlive), []);
  await assertNothingLeft(before);
});

/** Each user's events all there, first seen in their order, and a repeated one with the same id. */
function assertEverythingInOrder(name: string, recorded: readonly Recorded[]): void {
  const expected = Array.from({ length: eventsPerUser }, (_, index) => `/${index}`);
  for (const user of users) {
    const own = recorded.filter(({ username }) => username === user);
    assert.deepEqual([...new Set(own.map(({ path }) => path))], expected, `${name}: ${user}`);
    const ids = new Set(own.map(({ path, eventId }) => `${path} ${eventId}`));
    assert.equal(ids.size, eventsPerUser, `${name}: ${user}: a repeated event keeps its id`);
  }
}

/** Plays a system that kills what takes too much memory. */
function killWhenLarge(pidOf: () => number | undefined): { stop(): void } {
  const timer = setInterval(() => {
    const pid = pidOf();
    if (pid !== undefined && residentBytes(pid) > leakLimitBytes) process.kill(pid, "SIGKILL");
  }, 50);
  return { stop: () => clearInterval(timer) };
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4_096;
  } catch {
    return 0; // it has just ended
  }
}

/** Lets the folders of sockets be made where nobody else makes any. */
function socketsIn(path: string): Disposable {
  const old = process.env["TMPDIR"];
  process.env["TMPDIR"] = path;
  return {
    [Symbol.dispose]() {
      if (old === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = old;
    },
  };
}

interface Resources {
  readonly descriptors: number;
  readonly timers: number;
  readonly sockets: number;
  readonly folders: number;
}

/** What this process holds. */
function resources(): Resources {
  const active = process.getActiveResourcesInfo();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    timers: active.filter((kind) => kind === "Timeout").length,
    sockets: active.filter((kind) => kind === "PipeWrap" || kind === "TLSWrap").length,
    folders: readdirSync(tmpdir()).filter((name) => name.startsWith("fairlead-plugin-") && !name.includes("host"))
      .length,
  };
}

/** The last handles close a turn or two after what they belong to. */
async function assertNothingLeft(before: Resources): Promise<void> {
  await waitFor(() => isNoMore(resources(), before), "descriptors, timers, sockets and their folders to be gone");
}

function isNoMore(now: Resources, before: Resources): boolean {
  return Object.entries(before).every(([kind, count]) => now[kind as keyof Resources] <= count);
}
