import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeGateRequest } from "@fairlead/plugin-sdk/testing";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import type { ReloadReport } from "../src/reload/reload-report.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { configureAny } from "./support/any-plugins.ts";
import { bundlePlugin } from "./support/bundled-plugin.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { PluginFolder, isAlive, waitFor } from "./support/plugin-folder.ts";

const env = { PATH: process.env["PATH"] };
const texts = { ip: "192.0.2.1", protocol: "SSH", username: "ann" };
const user = Buffer.from('{"id":0,"username":"ann"}');

const outcomes = ({ plugins }: ReloadReport): readonly string[] => plugins.map(({ outcome }) => outcome);
const pidsOf = (manager: PluginManager): readonly (number | undefined)[] => manager.status().map(({ pid }) => pid);

/** Every process that a fixture's executables started. */
function startedPids(folder: PluginFolder, ...names: readonly string[]): readonly number[] {
  return names.flatMap((name) => folder.recorded(name)).flatMap(({ start }) => start ?? []);
}

test("what is unchanged goes on, what is added starts, what is removed ends, whatever its place", async () => {
  using folder = new PluginFolder();
  const [a, b, c] = ["a", "b", "c"].map((name) => folder.addExecutable(name, "every-kind.ts"));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const logger = createMemoryLogger();
  const before = configureAny({ type: "auth", cmd: a }, { type: "kms", cmd: b });
  await using manager = await startPluginManager({ plugins: before, env, logger });
  const [authPid, kmsPid] = pidsOf(manager);
  const report = await manager.reload(configureAny({ type: "ipfilter", cmd: c }, { type: "kms", cmd: b }));
  assert.deepEqual(outcomes(report), ["added", "unchanged", "removed"]);
  assert.equal(report.ok, true);
  assert.equal(manager.status()[1]?.pid, kmsPid);
  assert.equal(manager.status()[1]?.index, 1);
  assert.ok(authPid !== undefined && !isAlive(authPid));
  assert.equal(manager.auth.handles(1), false);
  assert.deepEqual(await manager.ipFilter.check("192.0.2.66", "SSH").then(({ allowed }) => allowed), false);
  assert.equal(logger.find("plugin reloaded")?.fields["outcome"], "added");
  // An IP filter reads its lists again, also one that just started.
  assert.ok(folder.recorded("c").some((line) => "reload" in line));
});

test("options that need no new process change at once", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts");
  const before = configureAny({ type: "notifier", cmd }, { type: "auth", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  const pids = pidsOf(manager);
  const report = await manager.reload(
    configureAny(
      { type: "notifier", cmd, notifier_options: { fs_events: ["delete"], retry_max_time: 5 } },
      { type: "auth", cmd, auth_options: { scope: 2 }, fairlead: { health: { interval: 9 } } },
    ),
  );
  assert.deepEqual(outcomes(report), ["updated", "updated"]);
  assert.deepEqual(pidsOf(manager), pids);
  assert.ok(manager.notifiers.wants("fs", "delete") && !manager.notifiers.wants("fs", "upload"));
  assert.ok(manager.auth.handles(2) && !manager.auth.handles(1));
});

test("a changed plugin is replaced when the new process runs, and the old one ends its calls first", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts", { EVERY_DELAY_MS: "300" });
  const next = folder.addExecutable("b", "every-kind.ts", { EVERY_START_MS: "300" });
  const before = configureAny({ type: "auth", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  const [old] = pidsOf(manager);
  const reloading = manager.reload(configureAny({ type: "auth", cmd: next }));
  await waitFor(() => startedPids(folder, "b").length > 0, "the new process to start");
  assert.equal(manager.status()[0]?.pid, old);
  const answering = manager.auth.checkPassword({ ...texts, user, password: "right" });
  assert.deepEqual(outcomes(await reloading), ["replaced"]);
  await answering;
  const [now] = pidsOf(manager);
  assert.ok(old !== undefined && now !== undefined && old !== now && !isAlive(old));
  assert.equal(manager.status()[0]?.cmd, next);
});

test("what a plugin says of itself is that of its new process, and a lost gate is told", async () => {
  using folder = new PluginFolder();
  const guarded = folder.addExecutable("a", "every-kind.ts", { EVERY_GATE: "1", EVERY_VERSION: "1.0" });
  const open = folder.addExecutable("b", "every-kind.ts", { EVERY_VERSION: "2.0" });
  const logger = createMemoryLogger();
  const before = configureAny({ type: "notifier", cmd: guarded });
  await using manager = await startPluginManager({ plugins: before, env, logger });
  const seen = () => [manager.status()[0]?.version, manager.status()[0]?.hasGate, manager.gates.isConfigured];
  assert.deepEqual(seen(), ["1.0", true, true]);
  await manager.reload(configureAny({ type: "notifier", cmd: open }));
  assert.deepEqual(seen(), ["2.0", false, false]);
  assert.equal(logger.find("plugin has no gate any more, it is not asked before files are touched")?.level, "warn");
  await manager.reload(before);
  assert.deepEqual(seen(), ["1.0", true, true]);
});

for (const [onFailure, allowed] of [
  ["deny", false],
  ["allow", true],
] as const) {
  test(`an entry that counts on a gate and whose plugin has none ${onFailure === "deny" ? "opens" : "closes"} nothing`, async () => {
    using folder = new PluginFolder();
    const logger = createMemoryLogger();
    const entry = { type: "notifier", cmd: folder.addExecutable("a", "every-kind.ts") };
    const plugins = configureAny({ ...entry, fairlead: { gate: { on_failure: onFailure } } });
    await using manager = await startPluginManager({ plugins, env, logger });
    assert.equal((await manager.gates.check(makeGateRequest())).allowed, allowed);
    const told = logger.lines.filter(({ message }) => message === "plugin has no gate, though its entry counts on one");
    assert.deepEqual(
      told.map(({ level, fields }) => [level, fields["operations"]]),
      [["error", allowed ? "allowed" : "refused"]],
    );
    await manager.reload(configureAny(entry));
    assert.equal(manager.gates.isConfigured, false);
  });
}

test("an entry that an existing process could serve joins it in a new one", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts");
  const manager = await startPluginManager({
    plugins: configureAny({ type: "notifier", cmd }),
    env,
    logger: createMemoryLogger(),
  });
  const two = configureAny({ type: "auth", cmd }, { type: "notifier", cmd });
  assert.deepEqual(outcomes(await manager.reload(two)), ["added", "replaced"]);
  const [auth, notifier] = pidsOf(manager);
  assert.equal(auth, notifier);
  assert.deepEqual(outcomes(await manager.reload(configureAny({ type: "auth", cmd }))), ["unchanged", "removed"]);
  assert.deepEqual(pidsOf(manager), [auth]);
  await manager.stop();
  assert.ok(startedPids(folder, "a").every((pid) => !isAlive(pid)));
});

test("a plugin known to serve one type in a process is not replaced when another type is added", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("go", "says-nothing.ts");
  const before = configureAny({ type: "notifier", cmd }, { type: "auth", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  const [notifier] = pidsOf(manager);
  assert.deepEqual(outcomes(await manager.reload(configureAny({ type: "notifier", cmd }))), ["unchanged", "removed"]);
  assert.deepEqual(outcomes(await manager.reload(before)), ["unchanged", "added"]);
  assert.equal(pidsOf(manager)[0], notifier);
});

test("a new process that does not start changes nothing, and the report and the log say so", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts");
  const logger = createMemoryLogger();
  const before = configureAny({ type: "auth", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger });
  const pids = pidsOf(manager);
  const report = await manager.reload(
    configureAny({ type: "kms", cmd: `${folder.path}/gone` }, { type: "auth", cmd: `${folder.path}/missing` }),
  );
  assert.deepEqual(outcomes(report), ["failed", "failed"]);
  assert.equal(report.ok, false);
  assert.match(report.plugins[1]?.error ?? "", /missing did not start/);
  assert.deepEqual(pidsOf(manager), pids);
  assert.deepEqual([manager.status()[0]?.cmd, manager.status()[0]?.index], [cmd, 1]);
  assert.equal(logger.find("plugin not reloaded")?.level, "error");
  await manager.auth.checkPassword({ ...texts, user, password: "right" });
});

test("a new process that ends before the others have started takes nothing over", async () => {
  using folder = new PluginFolder();
  const old = folder.addExecutable("old", "every-kind.ts");
  const go = `${folder.path}/go`;
  const shortlived = folder.addExecutable("shortlived", "every-kind.ts");
  const slow = folder.addExecutable("slow", "every-kind.ts", { EVERY_WAIT_FOR: go });
  const logger = createMemoryLogger();
  await using manager = await startPluginManager({ plugins: configureAny({ type: "auth", cmd: old }), env, logger });
  const pids = pidsOf(manager);
  const fairlead = { restart: { initial_delay: 60, max_delay: 60 } };
  const reloading = manager.reload(
    configureAny({ type: "auth", cmd: shortlived, fairlead }, { type: "kms", cmd: slow }),
  );
  const said = (message: string) =>
    logger.lines.find((line) => line.message === message && line.fields["plugin"] === "shortlived");
  await waitFor(() => said("plugin started") !== undefined, "the new process to run");
  process.kill(startedPids(folder, "shortlived")[0] ?? assert.fail(), "SIGKILL");
  await waitFor(() => said("plugin exited") !== undefined, "its end to be noticed");
  writeFileSync(go, "");
  const report = await reloading;
  assert.deepEqual(outcomes(report), ["failed", "added"]);
  assert.equal(report.plugins[0]?.error, "exited: signal SIGKILL");
  assert.equal(pidsOf(manager)[0], pids[0]);
  await manager.auth.checkPassword({ ...texts, user, password: "right" });
});

test("an optional plugin that a reload adds is tried until it starts", async () => {
  using folder = new PluginFolder();
  await using manager = await startPluginManager({ plugins: [], env, logger: createMemoryLogger() });
  const fairlead = { required: false, restart: { initial_delay: 0.1, max_delay: 0.1 } };
  const report = await manager.reload(configureAny({ type: "auth", cmd: `${folder.path}/late`, fairlead }));
  assert.deepEqual(outcomes(report), ["added"]);
  assert.match(report.plugins[0]?.error ?? "", /did not start/);
  assert.ok(manager.auth.handles(1));
  folder.addExecutable("late", "every-kind.ts");
  await waitFor(() => manager.status()[0]?.state === "running", "the plugin to start");
});

test("a plugin that was given up is tried again by a reload", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts");
  const fairlead = { restart: { max_failures: 1, initial_delay: 0.01, max_delay: 0.01 } };
  const logger = createMemoryLogger();
  const plugins = configureAny({ type: "auth", cmd, fairlead });
  await using manager = await startPluginManager({ plugins, env, logger });
  folder.addScript("a", "exit 3");
  process.kill(pidsOf(manager)[0] ?? assert.fail(), "SIGKILL");
  await waitFor(() => manager.status()[0]?.state === "failed", "the plugin to be given up");
  assert.equal(logger.find("plugin given up, repair it and reload")?.level, "error");
  await assert.rejects(manager.auth.checkPassword({ ...texts, user, password: "right" }));
  folder.addExecutable("a", "every-kind.ts");
  assert.deepEqual(outcomes(await manager.reload(plugins)), ["unchanged"]);
  await waitFor(() => manager.status()[0]?.state === "running", "the plugin to run again");
});

test("events that wait move to the new process, in order and with their ids", async () => {
  using folder = new PluginFolder();
  const refusing = folder.addExecutable("a", "recorder.ts", { RECORDER_REFUSE: "not now" });
  const taking = folder.addExecutable("b", "every-kind.ts");
  const before = configureAny({ type: "notifier", cmd: refusing });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  for (let index = 0; index < 20; index++) manager.notifiers.publish(upload("ann", `/${index}`));
  await waitFor(() => (manager.status()[0]?.failed ?? 0) > 0, "the plugin to refuse");
  assert.deepEqual(outcomes(await manager.reload(configureAny({ type: "notifier", cmd: taking }))), ["replaced"]);
  assert.equal((await manager.notifiers.drain()).dropped, 0);
  const paths = folder.recorded("b").flatMap(({ path }) => path ?? []);
  assert.deepEqual(
    paths,
    Array.from({ length: 20 }, (_, index) => `/${index}`),
  );
  const tried = folder.recorded("a").find(({ path }) => path === "/0");
  assert.equal(folder.recorded("b").find(({ path }) => path === "/0")?.eventId, tried?.eventId);
});

test("a removed notifier takes what was accepted before it ends", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "recorder.ts", { RECORDER_DELAY_MS: "5" });
  const before = configureAny({ type: "notifier", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  for (let index = 0; index < 50; index++) manager.notifiers.publish(upload("ann", `/${index}`));
  assert.deepEqual(outcomes(await manager.reload([])), ["removed"]);
  assert.equal(folder.recorded("a").filter(({ path }) => path !== undefined).length, 50);
  assert.deepEqual(manager.status(), []);
  assert.equal(manager.notifiers.wants("fs", "upload"), false);
});

test("a keyboard-interactive login ends where it began", async () => {
  using folder = new PluginFolder();
  const cmd = folder.addExecutable("a", "every-kind.ts");
  const next = folder.addExecutable("b", "every-kind.ts");
  const before = configureAny({ type: "auth", cmd });
  await using manager = await startPluginManager({ plugins: before, env, logger: createMemoryLogger() });
  const [old] = pidsOf(manager);
  const step = { requestId: "r1", username: "ann", password: "", ip: "192.0.2.1" };
  const first = await manager.auth.sendKeyboardStep({ ...step, step: 1, answers: [], questions: [] });
  const reloading = manager.reload(configureAny({ type: "auth", cmd: next }));
  await waitFor(() => pidsOf(manager)[0] !== old, "the new process to take over");
  const fresh = { ...step, requestId: "r2", step: 1, answers: [], questions: [] };
  assert.equal((await manager.auth.sendKeyboardStep(fresh)).authResult, 0);
  assert.ok(old !== undefined && isAlive(old));
  const second = { ...step, step: 2, answers: ["right"], questions: first.questions };
  assert.equal((await manager.auth.sendKeyboardStep(second)).authResult, 1);
  await reloading;
  assert.ok(!isAlive(old));
});

test("reloads run one after the other, and none after the stop", async () => {
  using folder = new PluginFolder();
  const [a, b] = ["a", "b"].map((name) => folder.addExecutable(name, "every-kind.ts"));
  assert.ok(a !== undefined && b !== undefined);
  const manager = await startPluginManager({ plugins: [], env, logger: createMemoryLogger() });
  const reports = await Promise.all([
    manager.reload(configureAny({ type: "auth", cmd: a })),
    manager.reload(configureAny({ type: "auth", cmd: b })),
    manager.reload([]),
  ]);
  assert.deepEqual(reports.map(outcomes), [["added"], ["replaced"], ["removed"]]);
  const starting = manager.reload(configureAny({ type: "auth", cmd: a }));
  await Promise.all([
    assert.rejects(starting, (error: unknown) => PluginHostError.is(error, "ERR_PLUGINS_STOPPED")),
    manager.stop(),
  ]);
  await assert.rejects(manager.reload([]), (error: unknown) => PluginHostError.is(error, "ERR_PLUGINS_STOPPED"));
  assert.ok(startedPids(folder, "a", "b").every((pid) => !isAlive(pid)));
});

const reloads = Number(process.env["FAIRLEAD_RELOADS"] ?? 200);

test(`no event, login, decryption or connection fails during ${reloads} reloads`, { timeout: 600_000 }, async () => {
  using folder = new PluginFolder();
  const all = ["notifier", "auth", "kms", "ipfilter"] as const;
  const cmds = await Promise.all(
    ["a", "b"].map((name) =>
      bundlePlugin(`${folder.path}/${name}`, "every-kind.ts", {
        EVERY_GATE: "1",
        RECORDER_FILE: folder.recordFile(name),
      }),
    ),
  );
  const plugins = (round: number) =>
    configureAny(...all.map((type) => ({ type, cmd: cmds[round % cmds.length] ?? assert.fail() })));
  const manager = await startPluginManager({ plugins: plugins(0), env, logger: createMemoryLogger() });
  const ending = new AbortController();
  const counts = { events: 0, logins: 0, secrets: 0, checks: 0 };
  const keepOn = async (what: keyof typeof counts, act: (index: number) => Promise<void>): Promise<void> => {
    while (!ending.signal.aborted) {
      await act(counts[what]++);
      await sleep(1);
    }
  };
  const url = { url: "awskms://k", masterKey: "", additionalData: "" };
  const busy = Promise.all([
    keepOn("events", async (index) => manager.notifiers.publish(upload(`user${index % 5}`, `/${index}`))),
    keepOn("logins", async () => void (await manager.auth.checkPassword({ ...texts, user, password: "right" }))),
    keepOn("secrets", async () => {
      const kms = manager.kms.byStatus("AWS") ?? assert.fail("no kms");
      const secret = await kms.encrypt({ payload: "p", ...url });
      assert.equal(await kms.decrypt({ ...secret, ...url }), "p");
    }),
    keepOn("checks", async () => assert.deepEqual(await manager.ipFilter.check("192.0.2.1", "SSH"), { allowed: true })),
  ]);
  busy.catch(() => ending.abort());
  for (let round = 1; round <= reloads && !ending.signal.aborted; round++) {
    assert.deepEqual(outcomes(await manager.reload(plugins(round))), ["replaced", "replaced", "replaced", "replaced"]);
  }
  ending.abort();
  await busy;
  const { dropped } = await manager.notifiers.drain();
  const status = manager.status();
  await manager.stop();
  assert.equal(dropped, 0);
  assert.deepEqual(
    status.map(({ failures, failed }) => [failures, failed]),
    all.map(() => [0, 0]),
  );
  const events = ["a", "b"].flatMap((name) => folder.recorded(name)).filter(({ path }) => path !== undefined);
  assert.equal(events.length, counts.events);
  assert.equal(new Set(events.map(({ path }) => path)).size, counts.events);
  assert.ok(Object.values(counts).every((count) => count > reloads));
  const started = startedPids(folder, "a", "b");
  assert.equal(started.length, reloads + 1);
  assert.ok(started.every((pid) => !isAlive(pid)));
});
