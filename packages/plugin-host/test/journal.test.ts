import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, rmdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const journaled = { fairlead: { delivery: "journal" } };

type Entry = Readonly<Record<string, unknown>> & { readonly cmd: string };

interface HostOptions {
  readonly file: string;
  readonly whenFailing?: "memory" | "refuse";
}

async function startHost(entries: readonly Entry[], { file, whenFailing = "memory" }: HostOptions) {
  const logger = createMemoryLogger();
  const plugins = configure(...entries);
  const manager = await startPluginManager({ plugins, env, logger, journal: { file, whenFailing } });
  return { manager, logger };
}

function pathsTold(folder: PluginFolder, name: string): readonly string[] {
  return folder.recorded(name).flatMap(({ path }) => path ?? []);
}

async function publishAll(manager: PluginManager, from: number, to: number): Promise<void> {
  await Promise.all(
    Array.from({ length: to - from + 1 }, async (_, index) => {
      await manager.notifiers.publishDurably(upload("ann", `/${from + index}`));
    }),
  );
}

function paths(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `/${from + index}`);
}

test("what was not delivered at the end is delivered at the next start, before newer events, with its id", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const cmd = folder.addExecutable("slow", "recorder.ts", { RECORDER_DELAY_MS: "20" });
  const first = await startHost([{ cmd, ...journaled }], { file });
  await publishAll(first.manager, 1, 60);
  await first.manager.stop({ drainMs: 100 });
  assert.ok(first.logger.find("events wait in the journal for the next start"));
  const toldBefore = new Set(pathsTold(folder, "slow")).size;
  assert.ok(toldBefore < 60);
  const second = await startHost([{ cmd, ...journaled }], { file });
  await publishAll(second.manager, 61, 70);
  await waitFor(() => pathsTold(folder, "slow").includes("/70"), "the last event");
  await second.manager.stop();
  const events = folder.recorded("slow").filter(({ path }) => path !== undefined);
  const ids = new Map(events.map(({ path, eventId }) => [path, eventId]));
  assert.deepEqual([...ids.keys()], paths(1, 70));
  assert.equal(new Set(ids.values()).size, 70);
  for (const { path, eventId } of events) assert.equal(eventId, ids.get(path), "twice under two ids");
  const third = await startHost([{ cmd, ...journaled }], { file });
  assert.equal(third.manager.status()[0]?.queueLength, 0);
  await third.manager.stop();
});

test("a host whose plugins do without has no journal", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const { manager } = await startHost([{ cmd: folder.addExecutable("recorder") }], { file });
  assert.equal(manager.notifiers.publishDurably(upload("ann", "/1")), undefined);
  assert.equal(manager.journal(), undefined);
  await manager.stop();
  assert.ok(!existsSync(file));
});

test("events go to the plugin they are for, wherever it stands in the list, and with other arguments", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const gate = join(folder.path, "go");
  const addGated = (name: string): string => {
    const recorder = folder.addExecutable(`${name}-recorder`);
    return folder.addScript(name, `[ -e '${gate}' ] || exit 1\nexec '${recorder}'`);
  };
  const [a, b] = [addGated("a"), addGated("b")];
  const options = { fairlead: { delivery: "journal", required: false } };
  const uploads = { notifier_options: { fs_events: ["upload"] } };
  const deletes = { notifier_options: { fs_events: ["delete"] } };
  const first = await startHost(
    [
      { cmd: a, args: ["x"], ...options, ...uploads },
      { cmd: b, ...options, ...deletes },
    ],
    { file },
  );
  await first.manager.notifiers.publishDurably(upload("ann", "/for-a"));
  await first.manager.notifiers.publishDurably(upload("ann", "/for-b", { action: "delete" }));
  await first.manager.stop();
  writeFileSync(gate, "");
  const second = await startHost(
    [
      { cmd: b, ...options, ...deletes },
      { cmd: a, args: ["y"], ...options, ...uploads },
    ],
    { file },
  );
  await waitFor(() => pathsTold(folder, "a-recorder").length > 0, "a's event");
  await waitFor(() => pathsTold(folder, "b-recorder").length > 0, "b's event");
  await second.manager.stop();
  assert.deepEqual(pathsTold(folder, "a-recorder"), ["/for-a"]);
  assert.deepEqual(pathsTold(folder, "b-recorder"), ["/for-b"]);
});

test("an entry that a reload adds opens the journal", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const other = { cmd: folder.addExecutable("other") };
  const { manager } = await startHost([other], { file });
  assert.equal(manager.journal(), undefined);
  await manager.reload(configure(other, { cmd: folder.addExecutable("recorder"), ...journaled }));
  const safe = manager.notifiers.publishDurably(upload("ann", "/1"));
  assert.ok(safe !== undefined);
  await safe;
  assert.equal(manager.journal()?.state, "working");
  await manager.stop();
  assert.deepEqual(pathsTold(folder, "recorder"), ["/1"]);
});

for (const [before, after] of [
  ["memory", "journal"],
  ["journal", "memory"],
] as const) {
  test(`a reload that turns ${before} into ${after} says that the next start does`, async () => {
    using folder = new PluginFolder();
    const file = join(folder.path, "journal.db");
    const cmd = folder.addExecutable("recorder");
    const { manager, logger } = await startHost([{ cmd, fairlead: { delivery: before } }], { file });
    await manager.reload(configure({ cmd, fairlead: { delivery: after } }));
    const line = logger.find("delivery changes with the next start of the server");
    assert.deepEqual([line?.level, line?.fields["delivery"]], ["warn", after]);
    assert.equal(manager.notifiers.publishDurably(upload("ann", "/1")) === undefined, before === "memory");
    await manager.stop();
    assert.deepEqual(pathsTold(folder, "recorder"), ["/1"]);
  });
}

test("a second host on the same journal is refused, and leaves nothing running", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const { manager } = await startHost([{ cmd: folder.addExecutable("one"), ...journaled }], { file });
  const second = startHost([{ cmd: folder.addExecutable("two"), ...journaled }], { file });
  await assert.rejects(second, (error: Error) => {
    assert.ok(PluginHostError.is(error, "ERR_JOURNAL"));
    assert.match(error.message, /journal\.db cannot be used: another server has it open/);
    return true;
  });
  assert.deepEqual(folder.recorded("two"), []);
  await publishAll(manager, 1, 1);
  await manager.stop();
});

for (const [name, damage] of [
  ["garbage", (file: string) => writeFileSync(file, "no database ".repeat(5_000))],
  ["a file that was cut off", (file: string) => truncateSync(file, 6_000)],
] as const) {
  test(`a damaged journal is set aside with an error, and the host runs on: ${name}`, async () => {
    using folder = new PluginFolder();
    const file = join(folder.path, "journal.db");
    const cmd = folder.addExecutable("recorder");
    const first = await startHost([{ cmd, ...journaled }], { file });
    await publishAll(first.manager, 1, 200);
    await first.manager.stop();
    damage(file);
    const second = await startHost([{ cmd, ...journaled }], { file });
    const line = second.logger.find("event journal is damaged, a new one is begun");
    assert.equal(line?.level, "error");
    assert.ok(existsSync(String(line?.fields["setAside"])));
    await publishAll(second.manager, 201, 202);
    await second.manager.stop();
    assert.deepEqual(pathsTold(folder, "recorder"), paths(1, 202));
  });
}

test("a journal with events that cannot be opened now keeps the host from starting: its events are not overwritten", async () => {
  using folder = new PluginFolder();
  const file = join(folder.path, "journal.db");
  const refusing = folder.addExecutable("recorder", "recorder.ts", { RECORDER_REFUSE: "not now" });
  const first = await startHost([{ cmd: refusing, ...journaled }], { file });
  await publishAll(first.manager, 1, 3);
  await first.manager.stop({ drainMs: 0 });
  const tries = pathsTold(folder, "recorder").length;
  mkdirSync(`${file}-wal`);
  await assert.rejects(startHost([{ cmd: refusing, ...journaled }], { file }), (error: Error) => {
    assert.ok(PluginHostError.is(error, "ERR_JOURNAL"));
    assert.match(error.message, /it holds events, and the disk is full or does not work/);
    return true;
  });
  rmdirSync(`${file}-wal`);
  const second = await startHost([{ cmd: folder.addExecutable("recorder"), ...journaled }], { file });
  await publishAll(second.manager, 4, 4);
  await second.manager.stop();
  assert.deepEqual(pathsTold(folder, "recorder").slice(tries), paths(1, 4));
});

/** A file system with no room for more than a small journal; only root may make one. */
async function withSmallDisk(
  t: TestContext,
  use: (folder: PluginFolder, disk: string) => Promise<void>,
): Promise<void> {
  using folder = new PluginFolder();
  const disk = join(folder.path, "disk");
  if (spawnSync("mkdir", [disk]).status !== 0) throw new Error("no folder for the disk");
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", disk]).status !== 0) {
    t.skip("only root may mount a small file system");
    return;
  }
  try {
    await use(folder, disk);
  } finally {
    spawnSync("umount", [disk]);
  }
}

/** Takes every byte that is left. */
function fill(disk: string): string {
  const filler = join(disk, "filler");
  spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=1k"]);
  return filler;
}

for (const when of ["later", "at the start"] as const) {
  test(`a disk that is full ${when} costs no event while the host runs, and is used again when there is room`, async (t) => {
    await withSmallDisk(t, async (folder, disk) => {
      const file = join(disk, "journal.db");
      let filler = when === "at the start" ? fill(disk) : "";
      const cmd = folder.addExecutable("slow", "recorder.ts", { RECORDER_DELAY_MS: "3" });
      const { manager, logger } = await startHost([{ cmd, ...journaled }], { file });
      if (when === "later") {
        await publishAll(manager, 1, 50);
        filler = fill(disk);
      }
      for (let from = 51; manager.journal()?.state !== "failing" || from < 200; from += 50) {
        await publishAll(manager, from, from + 49);
        assert.ok(from < 5_000, "the disk was never full");
      }
      assert.equal(logger.find("event journal cannot be written, events wait in memory")?.level, "error");
      rmSync(filler);
      await waitFor(() => manager.journal()?.state === "working", "the journal");
      await publishAll(manager, 10_000, 10_000);
      await waitFor(() => pathsTold(folder, "slow").at(-1) === "/10000", "the last event");
      const told = pathsTold(folder, "slow").map((path) => Number(path.slice(1)));
      assert.deepEqual(
        told,
        [...new Set(told)].toSorted((a, b) => a - b),
      );
      assert.equal(manager.status()[0]?.dropped, 0);
      await manager.stop();
      assert.ok(readdirSync(disk).includes("journal.db"));
    });
  });
}

test("with `refuse` a full disk is told to who publishes, until there is room", async (t) => {
  await withSmallDisk(t, async (folder, disk) => {
    const cmd = folder.addExecutable("slow", "recorder.ts", { RECORDER_DELAY_MS: "500" });
    const { manager } = await startHost([{ cmd, ...journaled }], {
      file: join(disk, "journal.db"),
      whenFailing: "refuse",
    });
    const filler = fill(disk);
    const publishUntilRefused = async (): Promise<void> => {
      for (let from = 0; from < 5_000; from += 100) await publishAll(manager, from, from + 99);
    };
    await assert.rejects(publishUntilRefused, (error) => PluginHostError.is(error, "ERR_JOURNAL"));
    assert.equal(manager.notifiers.isRefusing("upload"), true);
    assert.equal(manager.notifiers.isRefusing("delete"), false);
    rmSync(filler);
    await waitFor(() => !manager.notifiers.isRefusing("upload"), "room");
    await publishAll(manager, 10_000, 10_000);
    await sleep(0);
    await manager.stop({ drainMs: 0 });
  });
});
