import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, isAlive, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };

function pidOf(manager: PluginManager): number {
  return manager.status()[0]?.pid ?? assert.fail("the plugin does not run");
}

test("a stopped plugin does not slow publishing, memory stays bounded, and the log says so", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const plugins = configure({ cmd: folder.addExecutable("recorder"), notifier_options: { retry_max_time: 120 } });
  const maxQueueBytes = 1024 * 1024;
  const health = { intervalMs: 50, timeoutMs: 100, maxFailures: 1_000 };
  await using manager = await startPluginManager({ plugins, env, logger, health, delivery: { maxQueueBytes } });
  const pid = pidOf(manager);
  process.kill(pid, "SIGSTOP");
  try {
    await waitFor(() => manager.status()[0]?.responsive === false, "the plugin to be found silent");
    for (let index = 0; index < 20_000; index++) {
      manager.notifiers.publish(upload(`user${index % 50}`, `/${index}`));
      if (index % 1_000 === 0) await sleep(1);
    }
    const status = manager.status()[0];
    assert.ok(status !== undefined && status.queueBytes <= maxQueueBytes && status.queueLength > 500);
    assert.equal(status.queueLength + status.dropped, 20_000);
    assert.equal(logger.find("plugin does not answer")?.level, "warn");
    assert.equal(logger.find("events dropped")?.fields["reason"], "queue-full");
    assert.ok(logger.lines.length < 10, "what repeats is logged once");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const { queueLength } = manager.status()[0] ?? assert.fail();
  assert.equal((await manager.notifiers.drain()).delivered, queueLength);
  assert.ok(logger.find("plugin answers again"));
});

test("a plugin that stays stopped is killed and started again, and no accepted event is lost", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const plugins = configure({ cmd: folder.addExecutable("recorder"), notifier_options: { retry_max_time: 120 } });
  const health = { intervalMs: 50, timeoutMs: 100, maxFailures: 3 };
  await using manager = await startPluginManager({ plugins, env, logger, health });
  const pid = pidOf(manager);
  process.kill(pid, "SIGSTOP");
  for (let index = 0; index < 500; index++) manager.notifiers.publish(upload(`user${index % 7}`, `/${index}`));
  await waitFor(() => manager.status()[0]?.restarts === 1, "the plugin to be started again");
  assert.deepEqual((await manager.notifiers.drain()).dropped, 0);
  assert.ok(!isAlive(pid));
  assert.ok(logger.find("plugin hangs and is killed"));
  const paths = new Set(folder.recorded("recorder").flatMap(({ path }) => path ?? []));
  assert.equal(paths.size, 500);
});

test("a plugin stopped for ever does not keep the host from stopping", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("recorder") });
  const manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const pid = pidOf(manager);
  process.kill(pid, "SIGSTOP");
  manager.notifiers.publish(upload("ann", "/1"));
  await manager.stop({ drainMs: 100 });
  assert.ok(!isAlive(pid));
  assert.equal(manager.status()[0]?.queueLength, 0);
});
