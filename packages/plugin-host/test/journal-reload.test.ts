import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const journaled = { fairlead: { delivery: "journal" } };
const uploads = { ...journaled, notifier_options: { fs_events: ["upload"] } };
const deletes = { ...journaled, notifier_options: { fs_events: ["delete"] } };

type Entry = Readonly<Record<string, unknown>> & { readonly cmd: string };

async function startHost(folder: PluginFolder, ...entries: readonly Entry[]): Promise<PluginManager> {
  const journal = { file: join(folder.path, "journal.db") };
  return await startPluginManager({ plugins: configure(...entries), env, logger: createMemoryLogger(), journal });
}

function told(folder: PluginFolder, name: string): readonly string[] {
  return folder.recorded(name).flatMap(({ path }) => path ?? []);
}

test("events for a plugin that took another's place wait for it at the next start", async () => {
  using folder = new PluginFolder();
  const before = folder.addExecutable("before");
  const refusing = folder.addExecutable("now", "recorder.ts", { RECORDER_REFUSE: "not now" });
  const first = await startHost(folder, { cmd: before, ...journaled });
  await first.reload(configure({ cmd: refusing, ...journaled }));
  await first.notifiers.publishDurably(upload("ann", "/1"));
  await first.stop({ drainMs: 0 });
  const taking = folder.addExecutable("now");
  const tries = told(folder, "now").length;
  const second = await startHost(folder, { cmd: taking, ...journaled });
  await waitFor(() => told(folder, "now").length > tries, "the event");
  await second.stop();
  assert.deepEqual(told(folder, "now").slice(tries), ["/1"]);
  assert.deepEqual(told(folder, "before"), []);
});

test("an entry put before one that is like it but for its events does not get at the other's", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("recorder");
  const manager = await startHost(folder, { cmd, ...uploads });
  await manager.reload(configure({ cmd, ...deletes }, { cmd, ...uploads }));
  const [first, second] = manager.status();
  for (let count = 0; count < 20; count++) {
    await manager.notifiers.publishDurably(upload("ann", "/u"));
    await manager.notifiers.publishDurably(upload("ann", "/d", { action: "delete" }));
  }
  await manager.stop();
  const actionsOf = (pid: number | undefined): readonly string[] =>
    folder.recorded("recorder").flatMap((line) => (line.pid === pid ? (line.action ?? []) : []));
  assert.deepEqual(actionsOf(first?.pid), Array<string>(20).fill("delete"));
  assert.deepEqual(actionsOf(second?.pid), Array<string>(20).fill("upload"));
});

test("a reload after the stop opens no journal", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("recorder");
  const manager = await startHost(folder, { cmd });
  await manager.stop();
  await assert.rejects(manager.reload(configure({ cmd, ...journaled })), (error) =>
    PluginHostError.is(error, "ERR_PLUGINS_STOPPED"),
  );
  assert.equal(manager.journal(), undefined);
});

test("two entries given as one object get every event each", async () => {
  using folder = new PluginFolder();
  const [config] = configure({ cmd: folder.addExecutable("recorder"), ...uploads });
  const manager = await startPluginManager({
    plugins: [config!, config!],
    env,
    logger: createMemoryLogger(),
    journal: { file: join(folder.path, "journal.db") },
  });
  const pids = manager.status().map(({ pid }) => pid);
  for (let count = 0; count < 10; count++) await manager.notifiers.publishDurably(upload("ann", "/u"));
  await manager.stop();
  for (const pid of pids) {
    assert.equal(folder.recorded("recorder").filter((line) => line.pid === pid && line.path !== undefined).length, 10);
  }
});
