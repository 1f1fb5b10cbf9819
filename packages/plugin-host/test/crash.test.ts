import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, isAlive, waitFor } from "./support/plugin-folder.ts";
import type { Recorded } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const users = ["ann", "bob", "cat", "dan", "eve"];

function pidOf(manager: PluginManager): number {
  return manager.status()[0]?.pid ?? assert.fail("the plugin does not run");
}

/** Each user's paths in the order they first arrived. */
function firstArrivals(recorded: readonly Recorded[], username: string): readonly (string | undefined)[] {
  const paths = recorded.filter((line) => line.username === username).map(({ path }) => path);
  return [...new Set(paths)];
}

test("kill -9 of the plugin loses no event, and every user's order holds", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const cmd = folder.addExecutable("recorder", "recorder.ts", { RECORDER_DELAY_MS: "1" });
  const plugins = configure({ cmd, notifier_options: { retry_max_time: 120 } });
  await using manager = await startPluginManager({ plugins, env, logger });
  const pids = new Set<number>();
  for (let index = 0; index < 100; index++) {
    for (const user of users) manager.notifiers.publish(upload(user, `/${index}`));
    if (index === 30 || index === 70) {
      await waitFor(() => manager.status()[0]?.state === "running", "the plugin to run");
      const delivered = manager.status()[0]?.delivered ?? 0;
      await waitFor(() => (manager.status()[0]?.delivered ?? 0) > delivered, "some events to arrive");
      pids.add(pidOf(manager));
      process.kill(pidOf(manager), "SIGKILL");
    }
    await sleep(1);
  }
  const { dropped } = await manager.notifiers.drain({ timeoutMs: 60_000 });
  assert.equal(dropped, 0);
  const recorded = folder.recorded("recorder").filter(({ path }) => path !== undefined);
  const expected = Array.from({ length: 100 }, (_, index) => `/${index}`);
  for (const user of users) assert.deepEqual(firstArrivals(recorded, user), expected, user);
  const idsByEvent = Map.groupBy(recorded, ({ username, path }) => `${username}${path}`);
  for (const [event, lines] of idsByEvent) {
    assert.equal(new Set(lines.map(({ eventId }) => eventId)).size, 1, `${event} keeps its id`);
  }
  const [status] = manager.status();
  assert.deepEqual([status?.delivered, status?.dropped, status?.restarts], [500, 0, 2]);
  assert.equal(status?.lastError, "exited: signal SIGKILL");
  assert.ok([...pids].every((pid) => !isAlive(pid)));
  assert.ok(logger.find("plugin exited"));
  assert.ok(logger.find("plugin restart scheduled"));
});

test("an executable that was replaced is not started again until its sum is right", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const cmd = folder.addExecutable("recorder");
  const sha256sum = createHash("sha256").update(readFileSync(cmd)).digest("hex");
  const plugins = configure({ cmd, sha256sum, notifier_options: { retry_max_time: 120 } });
  await using manager = await startPluginManager({ plugins, env, logger, restart: { maxDelayMs: 200 } });
  appendFileSync(cmd, "# changed\n");
  process.kill(pidOf(manager), "SIGKILL");
  await waitFor(() => logger.find("plugin restart failed") !== undefined, "the restart to be refused");
  assert.match(manager.status()[0]?.lastError ?? "", /checksum/i);
  manager.notifiers.publish(upload("ann", "/1"));
  folder.addExecutable("recorder");
  await waitFor(() => manager.status()[0]?.state === "running", "the repaired plugin to run");
  await manager.notifiers.drain();
  const [status] = manager.status();
  assert.deepEqual([status?.delivered, status?.dropped], [1, 0]);
});

test("stop starts a plugin that waits for its restart, to deliver what was accepted", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("recorder"), notifier_options: { retry_max_time: 120 } });
  const manager = await startPluginManager({
    plugins,
    env,
    logger: createMemoryLogger(),
    restart: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
  });
  process.kill(pidOf(manager), "SIGKILL");
  await waitFor(() => manager.status()[0]?.state === "backing-off", "the end to be noticed");
  manager.notifiers.publish(upload("ann", "/1"));
  await manager.stop();
  assert.deepEqual(
    folder.recorded("recorder").flatMap(({ path }) => path ?? []),
    ["/1"],
  );
});
