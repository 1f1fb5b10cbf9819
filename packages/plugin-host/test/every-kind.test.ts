import assert from "node:assert/strict";
import { test } from "node:test";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import { configureAny } from "./support/any-plugins.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, isAlive, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const types = ["notifier", "auth", "kms", "ipfilter", "eventsearcher"] as const;
const texts = { ip: "192.0.2.1", protocol: "SSH", username: "ann" };
const document = Buffer.from('{"id":0,"username":"ann"}');
const operation = {
  operation: "upload",
  username: "ann",
  ip: "",
  protocol: "SFTP",
  sessionId: "",
  path: "/srv/x",
  virtualPath: "/forbidden",
  targetPath: "",
  virtualTargetPath: "",
  fileSizeBytes: 0n,
  openFlags: 0,
  role: "",
} as const;

/** Asks one question of each kind. */
async function askEverything(manager: PluginManager): Promise<void> {
  const answer = await manager.auth.checkPassword({ ...texts, user: document, password: "right" });
  assert.match(Buffer.from(answer).toString(), /"username":"ann"/);
  const kms = manager.kms.byStatus("AWS") ?? assert.fail("no kms");
  const url = { url: "awskms://k", masterKey: "", additionalData: "ann" };
  const secret = await kms.encrypt({ payload: "s3cret", ...url });
  assert.equal(await kms.decrypt({ ...secret, ...url }), "s3cret");
  assert.deepEqual(await manager.ipFilter.check("192.0.2.1", "SSH"), { allowed: true });
  assert.equal((await manager.ipFilter.check("192.0.2.66", "SSH")).allowed, false);
  const rows = await manager.searcher.searchFsEvents({
    startTimestampNs: 0n,
    endTimestampNs: 0n,
    username: "",
    ip: "",
    instanceIds: [],
    limit: 10,
    fromId: "",
    order: "descending",
    role: "",
    actions: [],
    sshCmd: "",
    fsProvider: undefined,
    bucket: "",
    endpoint: "",
    protocols: [],
    statuses: [],
  });
  assert.equal(Buffer.from(rows).toString(), "[]");
}

test("one process serves all the types of an executable, and says who it is", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("all", "every-kind.ts", { EVERY_GATE: "1", EVERY_VERSION: "7.1" });
  const plugins = configureAny(...types.map((type) => ({ type, cmd })));
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const statuses = manager.status();
  assert.equal(new Set(statuses.map(({ pid }) => pid)).size, 1);
  assert.deepEqual(
    statuses.map(({ kind, version, hasGate, sharedWith }) => [kind, version, hasGate, sharedWith.length]),
    types.map((type) => [type, "7.1", true, 5]),
  );
  await askEverything(manager);
  manager.notifiers.publish(upload("ann", "/1"));
  assert.equal((await manager.notifiers.drain()).delivered, 1);
  const refusal = await manager.gates.check(operation);
  assert.deepEqual(refusal, { allowed: false, message: `${statuses[0]?.pid} 7.1` });
  const calls = manager.status().map((status) => [status.calls, status.failures, status.p50Ms !== undefined]);
  assert.deepEqual(calls, [
    [2, 0, true],
    [1, 0, true],
    [2, 0, true],
    [2, 1, true],
    [1, 0, true],
  ]);
  const starts = folder.recorded("all").filter(({ start }) => start !== undefined);
  assert.equal(starts.length, 1);
});

test("a type that the executable does not serve gets a process of its own", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("two", "every-kind.ts", { EVERY_KINDS: "notifier,auth" });
  const plugins = configureAny({ type: "notifier", cmd }, { type: "auth", cmd }, { type: "kms", cmd });
  await assert.rejects(startPluginManager({ plugins, env, logger: createMemoryLogger() }), (error: unknown) => {
    assert.ok(PluginHostError.is(error, "ERR_PLUGIN_START_FAILED"));
    assert.match(error.message, /^plugins\[2\] \(kms "/);
    return true;
  });
  assert.deepEqual(
    folder.recorded("two").filter(({ start }) => start !== undefined && isAlive(start)),
    [],
  );
});

test("a plugin that does not say what it serves is started for each type alone", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("go", "says-nothing.ts");
  const plugins = configureAny({ type: "notifier", cmd }, { type: "auth", cmd });
  const manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const pids = manager.status().map(({ pid }) => pid ?? 0);
  assert.equal(new Set(pids).size, 2);
  assert.deepEqual(
    manager.status().map(({ version, hasGate, sharedWith }) => [version, hasGate, sharedWith]),
    [
      [undefined, false, [0]],
      [undefined, false, [1]],
    ],
  );
  assert.equal(manager.gates.isConfigured, false);
  await manager.auth.checkPassword({ ...texts, user: document, password: "right" });
  manager.notifiers.publish(upload("ann", "/1"));
  assert.equal((await manager.notifiers.drain()).delivered, 1);
  await manager.stop();
  const started = folder.recorded("go").flatMap(({ start }) => start ?? []);
  assert.equal(started.length, 3);
  assert.ok(started.every((pid) => !isAlive(pid)));
});

test("two entries of one type never share a process", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("all", "every-kind.ts");
  const plugins = configureAny({ type: "notifier", cmd }, { type: "notifier", cmd }, { type: "auth", cmd });
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const [first, second, auth] = manager.status();
  assert.notEqual(first?.pid, second?.pid);
  assert.equal(first?.pid, auth?.pid);
  assert.deepEqual(first?.sharedWith, [0, 2]);
});

test("a shared process that crashes comes back for all its entries", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("all", "every-kind.ts", { EVERY_GATE: "1" });
  const plugins = configureAny(...types.map((type) => ({ type, cmd })));
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const pid = manager.status()[0]?.pid ?? assert.fail();
  process.kill(pid, "SIGKILL");
  await waitFor(() => manager.status().every(({ state }) => state !== "running"), "the end to be noticed");
  // A gate that is known is needed, also while it is down.
  assert.equal((await manager.gates.check(operation)).allowed, false);
  manager.notifiers.publish(upload("ann", "/meanwhile"));
  await waitFor(() => manager.status().every(({ state }) => state === "running"), "the plugin to come back");
  await askEverything(manager);
  await manager.notifiers.drain();
  assert.equal(manager.status()[0]?.delivered, 1);
  assert.deepEqual(
    manager.status().map(({ restarts }) => restarts),
    types.map(() => 1),
  );
});

test("a plugin that turns out to serve less when it comes back is divided", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("all", "every-kind.ts");
  const plugins = configureAny({ type: "notifier", cmd }, { type: "auth", cmd });
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  folder.addExecutable("all", "says-nothing.ts");
  process.kill(manager.status()[0]?.pid ?? assert.fail(), "SIGKILL");
  await waitFor(() => manager.status().some(({ state }) => state !== "running"), "the end to be noticed");
  const running = () => new Set(manager.status().flatMap(({ pid }) => pid ?? [])).size;
  await waitFor(() => running() === 2, "each entry to have its process");
  manager.notifiers.publish(upload("ann", "/1"));
  assert.equal((await manager.notifiers.drain()).delivered, 1);
  await manager.auth.checkPassword({ ...texts, user: document, password: "right" });
});
