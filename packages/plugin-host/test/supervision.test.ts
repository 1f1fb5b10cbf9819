import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { configureAny } from "./support/any-plugins.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, isAlive, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const request = { ip: "192.0.2.1", protocol: "SSH", username: "ann", password: "right", user: Buffer.from("{}") };

/** Timers, sockets, pipes and what else keeps a process alive. */
const countResources = (): number => process.getActiveResourcesInfo().length;

const pidOf = (manager: PluginManager, index = 0): number =>
  manager.status()[index]?.pid ?? assert.fail("the plugin does not run");

test("an optional plugin does not keep the others from starting, and is tried until it runs", async () => {
  using folder = new PluginFolder();
  const logger = createMemoryLogger();
  const cmd = folder.addExecutable("good", "every-kind.ts");
  const fairlead = { required: false, restart: { initial_delay: 0.05, max_delay: 0.05 } };
  const plugins = configureAny({ type: "kms", cmd }, { type: "auth", cmd: `${folder.path}/late`, fairlead });
  await using manager = await startPluginManager({ plugins, env, logger });
  const [good, late] = manager.status();
  assert.equal(good?.state, "running");
  assert.ok(late?.state === "backing-off" || late?.state === "starting");
  assert.match(late.lastError ?? "", /did not start/);
  assert.equal(logger.find("plugin did not start")?.level, "error");
  await assert.rejects(manager.auth.checkPassword(request), (error: unknown) =>
    PluginHostError.is(error, "ERR_PLUGIN_UNAVAILABLE"),
  );
  folder.addExecutable("late", "every-kind.ts");
  await waitFor(() => manager.status()[1]?.state === "running", "the plugin to start");
  await manager.auth.checkPassword(request);
});

test("a process that serves a required entry is required", async () => {
  using folder = new PluginFolder();
  const cmd = `${folder.path}/missing`;
  const optional = { fairlead: { required: false } };
  const plugins = configureAny({ type: "kms", cmd, ...optional }, { type: "auth", cmd });
  await assert.rejects(startPluginManager({ plugins, env, logger: createMemoryLogger() }), (error: unknown) =>
    PluginHostError.is(error, "ERR_PLUGIN_START_FAILED"),
  );
});

test("each entry is looked after by its own policies", async () => {
  using folder = new PluginFolder();
  const [a, b] = ["a", "b"].map((name) => folder.addExecutable(name, "every-kind.ts"));
  assert.ok(a !== undefined && b !== undefined);
  const impatient = { health: { interval: 0.1, timeout: 0.2, max_failures: 2 }, restart: { initial_delay: 0.01 } };
  const plugins = configureAny({ type: "auth", cmd: a, fairlead: impatient }, { type: "kms", cmd: b });
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  const [hung, patient] = [pidOf(manager, 0), pidOf(manager, 1)];
  process.kill(hung, "SIGSTOP");
  process.kill(patient, "SIGSTOP");
  try {
    await waitFor(() => (manager.status()[0]?.restarts ?? 0) > 0 && !isAlive(hung), "the hung plugin to be replaced");
    await waitFor(() => manager.status()[0]?.state === "running", "the plugin to run again");
    assert.ok(isAlive(patient));
    assert.equal(manager.status()[1]?.restarts, 0);
    assert.match(manager.status()[0]?.lastError ?? "", /^hung: /);
    await manager.auth.checkPassword(request);
  } finally {
    process.kill(patient, "SIGCONT");
  }
});

test("a plugin that takes too long to start does not delay the restart of another", async () => {
  using folder = new PluginFolder();
  const [slow, fast] = ["slow", "fast"].map((name) => folder.addExecutable(name, "every-kind.ts"));
  assert.ok(slow !== undefined && fast !== undefined);
  const restart = { initial_delay: 0.01 };
  const fastEntry = { type: "kms", cmd: fast, fairlead: { restart } };
  const plugins = configureAny({ type: "auth", cmd: slow, fairlead: { restart } }, fastEntry);
  await using manager = await startPluginManager({ plugins, env, logger: createMemoryLogger() });
  folder.addScript("slow", "sleep 1000");
  process.kill(pidOf(manager, 0), "SIGKILL");
  await waitFor(() => manager.status()[0]?.state === "starting", "the slow plugin to be started");
  process.kill(pidOf(manager, 1), "SIGKILL");
  await waitFor(() => manager.status()[1]?.restarts === 1 && manager.status()[1]?.state === "running", "the fast one");
  assert.equal(manager.status()[0]?.state, "starting");
});

test("a reload changes how long the next start may take", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("slow", "every-kind.ts");
  const entry = { type: "auth", cmd };
  const restart = { initial_delay: 0.01 };
  await using manager = await startPluginManager({ plugins: configureAny(entry), env, logger: createMemoryLogger() });
  folder.addScript("slow", "sleep 1000");
  await manager.reload(configureAny({ ...entry, fairlead: { restart, start_timeout: 0.2 } }));
  process.kill(pidOf(manager), "SIGKILL");
  await waitFor(() => /after 200 ms/.test(manager.status()[0]?.lastError ?? ""), "the start to be given up");
});

test("a host with plugins in every state ends without leaving anything", async () => {
  using folder = new PluginFolder();
  const hosts = ["runs", "hangs", "starts", "waits", "fails"];
  const cmds = hosts.map((name) => folder.addExecutable(name, "every-kind.ts"));
  const quick = { initial_delay: 0.01, max_delay: 0.01 };
  const options = [
    {},
    {},
    { restart: quick },
    { restart: { initial_delay: 60, max_delay: 60 } },
    { restart: { ...quick, max_failures: 1 } },
  ];
  const plugins = configureAny(
    ...cmds.map((cmd, index) => ({ type: "notifier", cmd, fairlead: options[index] ?? assert.fail() })),
  );
  const logger = createMemoryLogger();
  const before = countResources();
  const manager = await startPluginManager({ plugins, env, logger });
  const pids = manager.status().map((_, index) => pidOf(manager, index));
  folder.addScript("starts", `echo $$ > ${folder.path}/starting; exec sleep 1000`);
  folder.addScript("fails", "exit 3");
  process.kill(pids[1] ?? assert.fail(), "SIGSTOP");
  for (const pid of pids.slice(2)) process.kill(pid, "SIGKILL");
  const states = () => manager.status().map(({ state }) => state);
  const wanted = ["running", "running", "starting", "backing-off", "failed"];
  await waitFor(() => String(states()) === String(wanted), "every state");
  await manager.stop({ drainMs: 0 });
  assert.deepEqual(
    states(),
    hosts.map(() => "stopped"),
  );
  assert.ok(pids.every((pid) => !isAlive(pid)));
  await waitFor(() => countResources() <= before, "timers and sockets to be gone");
});
