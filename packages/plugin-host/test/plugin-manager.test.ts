import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { PluginHostError } from "../src/plugin-host-error.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, configure, isAlive, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };

test("an event reaches the plugin with its id, and stop leaves nothing", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const plugins = configure({ cmd: folder.addExecutable("recorder") });
  const manager = await startPluginManager({ plugins, env, logger });
  const [running] = manager.status();
  assert.equal(running?.state, "running");
  assert.ok(running.pid !== undefined && isAlive(running.pid));
  manager.notifiers.publish(upload("ann", "/1"));
  manager.notifiers.publish(upload("ann", "/2", { action: "delete" }));
  assert.deepEqual(await manager.notifiers.drain(), { delivered: 1, dropped: 0, kept: 0 });
  await manager.stop();
  const [, event, stop] = folder.recorded("recorder");
  assert.deepEqual(
    { ...event, eventId: undefined },
    { action: "upload", username: "ann", path: "/1", eventId: undefined, pid: running.pid },
  );
  assert.match(event?.eventId ?? "", /^[0-9a-f]{16}-0$/);
  assert.deepEqual(stop, { stop: running.pid });
  assert.ok(!isAlive(running.pid));
  assert.equal(manager.status()[0]?.state, "stopped");
  assert.ok(logger.find("plugin started"));
  assert.ok(logger.find("plugin stopped"));
});

test("stop delivers first what was accepted", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("slow", "recorder.ts", { RECORDER_DELAY_MS: "5" }) });
  const manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  for (let index = 0; index < 50; index++) manager.notifiers.publish(upload("ann", `/${index}`));
  await Promise.all([manager.stop(), manager.stop()]);
  const paths = folder.recorded("slow").flatMap(({ path }) => path ?? []);
  assert.deepEqual(
    paths,
    Array.from({ length: 50 }, (_, index) => `/${index}`),
  );
  manager.notifiers.publish(upload("ann", "/late"));
  assert.equal(manager.status()[0]?.dropped, 1);
});

test("provider and log events arrive whole", async () => {
  using folder = new PluginFolder();
  const plugins = configure({
    cmd: folder.addExecutable("recorder"),
    auto_mtls: false,
    notifier_options: { provider_events: ["add"], provider_objects: ["user"], log_events: [5] },
  });
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const texts = { username: "admin", ip: "::1", role: "" };
  const change = { ...texts, timestampNs: 1n, action: "add", objectType: "user", objectName: "ann" };
  manager.notifiers.publish({ kind: "provider", event: { ...change, objectData: Buffer.from('{"id":1}') } });
  manager.notifiers.publish({
    kind: "log",
    event: { ...texts, timestampNs: 1n, event: 5, protocol: "SSH", message: "" },
  });
  assert.deepEqual(await manager.notifiers.drain(), { delivered: 2, dropped: 0, kept: 0 });
  const seen = folder.recorded("recorder").map(({ object, data, log }) => [object, data, log]);
  assert.deepEqual(seen.slice(1), [
    ["ann", '{"id":1}', undefined],
    [undefined, undefined, 5],
  ]);
});

test("a plugin gets no more of the environment than its configuration names", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("my-recorder.v1"), env_vars: ["LISTED", "UNSET"] });
  const host = { ...env, SECRET: "s", LISTED: "l", MY_RECORDER_A: "a" };
  await using manager = await startPluginManager({ plugins, env: host, logger: createMemoryLogger() });
  assert.equal(manager.status().length, 1);
  const seen = folder.recorded("my-recorder.v1")[0]?.env ?? {};
  const { LISTED, UNSET, MY_RECORDER_A, SECRET } = seen;
  assert.deepEqual(
    { LISTED, UNSET, MY_RECORDER_A, SECRET },
    { LISTED: "l", UNSET: "", MY_RECORDER_A: "a", SECRET: undefined },
  );
});

test("an event the plugin refuses is dropped without retry_max_time, and the log says why", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const plugins = configure({ cmd: folder.addExecutable("refuser", "recorder.ts", { RECORDER_REFUSE: "disk full" }) });
  await using manager = await startPluginManager({ plugins, env, logger });
  manager.notifiers.publish(upload("ann", "/1"));
  assert.deepEqual(await manager.notifiers.drain(), { delivered: 0, dropped: 1, kept: 0 });
  assert.match(String(logger.find("plugin did not take an event")?.fields["error"]), /disk full/);
  assert.equal(logger.find("events dropped")?.fields["reason"], "not-retried");
  assert.match(manager.status()[0]?.lastError ?? "", /disk full/);
});

test("when one plugin does not start, none is left running", async () => {
  using folder = new PluginFolder();
  const good = folder.addExecutable("good");
  const plugins = configure({ cmd: good }, { cmd: `${folder.path}/missing` });
  await assert.rejects(startPluginManager({ plugins, env, logger: createMemoryLogger() }), (error: unknown) => {
    assert.ok(PluginHostError.is(error, "ERR_PLUGIN_START_FAILED"));
    assert.match(error.message, /^plugins\[1\] \(notifier ".*\/missing"\): plugin missing did not start: /);
    assert.ok(PluginError.is(error.cause, "ERR_PLUGIN_SPAWN_FAILED"), String(error.cause));
    return true;
  });
  const pids = folder.recorded("good").flatMap(({ start }) => start ?? []);
  await waitFor(() => pids.every((pid) => !isAlive(pid)), "the good plugin to end");
});

test("a plugin that already runs is ended when another does not start", async () => {
  using folder = new PluginFolder();
  const late = folder.addScript(
    "late",
    `while [ ! -s '${folder.recordFile("good")}' ]; do sleep 0.05; done; sleep 0.3; exit 3`,
  );
  const plugins = configure({ cmd: folder.addExecutable("good") }, { cmd: late });
  await assert.rejects(startPluginManager({ plugins, env, logger: createMemoryLogger() }), (error: unknown) => {
    assert.ok(PluginError.is((error as Error).cause, "ERR_PLUGIN_EXITED_EARLY"), String(error));
    return true;
  });
  const [start, stop] = folder.recorded("good");
  assert.ok(start?.start !== undefined);
  assert.deepEqual(stop, { stop: start.start });
  assert.ok(!isAlive(start.start));
});

test("a wrong checksum refuses the start", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("recorder"), sha256sum: "00".repeat(32) });
  await assert.rejects(startPluginManager({ plugins, env, logger: createMemoryLogger() }), (error: unknown) => {
    assert.ok(PluginHostError.is(error, "ERR_PLUGIN_START_FAILED"));
    assert.ok(PluginError.is(error.cause, "ERR_CHECKSUM_MISMATCH"), String(error.cause));
    return true;
  });
  assert.deepEqual(folder.recorded("recorder"), []);
});

test("an aborted start leaves nothing running", async () => {
  using folder = new PluginFolder();
  const plugins = configure({ cmd: folder.addExecutable("recorder") });
  const abort = new AbortController();
  const starting = startPluginManager({ plugins, env, logger: createMemoryLogger(), signal: abort.signal });
  await waitFor(() => folder.recorded("recorder").length > 0, "the plugin to run");
  abort.abort(new PluginHostError("ERR_PLUGIN_START_FAILED", "no longer wanted"));
  const outcome = await starting.then(
    async (manager) => manager.stop(),
    (error: unknown) => assert.match(String(error), /no longer wanted/),
  );
  assert.equal(outcome, undefined);
  const pids = folder.recorded("recorder").flatMap(({ start }) => start ?? []);
  await waitFor(() => pids.every((pid) => !isAlive(pid)), "the plugin to end");
});

test("a host without plugins starts and stops", async () => {
  const manager = await startPluginManager({ plugins: [], env, logger: createMemoryLogger() });
  manager.notifiers.publish(upload("ann", "/1"));
  assert.deepEqual(manager.status(), []);
  await manager.stop();
});
