import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginErrorCode } from "@fairlead/go-plugin";
import { parseReattachInfo, reattach } from "@fairlead/go-plugin/host";
import type { ExitStatus, ReattachInfo, ReattachOptions } from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import { echoKind } from "./support/echo-kind.ts";
import { echoKinds, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const impl = { echo: (text: string) => text };
const served = { versions: { 1: [provide(echoKind, impl)] } };
const unknown: ExitStatus = { code: null, signal: null };

/** The sandbox's folder must be this process's TMPDIR, as it is within a test. */
const options = { versions: { 1: echoKinds }, stopGraceMs: 3_000 } as const;

async function failureOf(
  info: ReattachInfo,
  extra: Partial<ReattachOptions<EchoKinds>> = {},
): Promise<PluginError & { readonly code: PluginErrorCode }> {
  const error = await reattach(info, { ...options, ...extra }).then(
    () => assert.fail("attached"),
    (failure: unknown) => failure,
  );
  assert.ok(PluginError.is(error), String(error));
  return error;
}

describe("reattach to a plugin that cannot be ended", { timeout: 60_000 }, () => {
  it("gives it up after five seconds, and lets go of its connection [reattach:host hang:runner]", async (context) => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({ ...served, env: { TMPDIR: sandbox.temporary } });
    const { test: _test, ...info } = server.reattachInfo;
    const runner = { id: "elsewhere", exited: new Promise<ExitStatus>(() => {}), kill() {} };
    const plugin = await reattach(info, { ...options, runner });
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const ticking = setInterval(() => context.mock.timers.tick(200), 1);
    assert.deepEqual(await plugin.stop(), unknown);
    assert.deepEqual(await plugin.exited, unknown);
    clearInterval(ticking);
    assert.equal(plugin.state.status, "exited");
  });

  it("refuses the process that everything else on a machine depends on [reattach:host]", async () => {
    await using _sandbox = new Sandbox();
    const address = { network: "unix", path: "/nowhere" } as const;
    const error = await failureOf({ protocolVersion: 1, address, pid: 1 });
    assert.equal(error.code, "ERR_INVALID_OPTION");
    assert.match(error.message, /has the id 1, which is the system's first process/);
  });
});

describe("reattach to a plugin in test mode", { timeout: 60_000 }, () => {
  it("uses it and lets it live [reattach:host reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const server = await startReattachableServer({ ...served, env: { TMPDIR: sandbox.temporary } });
    const logger = new LogCollector();
    for (let round = 0; round < 2; round++) {
      const plugin = await reattach(server.reattachInfo, { ...options, logger });
      assert.equal(plugin.protocolVersion, 1);
      assert.equal(plugin.pid, process.pid);
      assert.deepEqual(plugin.reattachInfo, server.reattachInfo);
      assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
      await plugin.ping();
      assert.equal(plugin.state.status, "running");
      assert.deepEqual(await plugin.stop(), unknown);
      assert.deepEqual(await plugin.exited, unknown);
      assert.equal(plugin.state.status, "exited");
      await assert.rejects(plugin.ping(), { code: "ERR_PLUGIN_GONE" });
    }
    assert.deepEqual(
      logger.events.filter(({ level }) => level !== "debug").map(({ message }) => message),
      [],
    );
    await server.close();
  });

  it("lets it live after a kill and an abort too [reattach:host]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({ ...served, env: { TMPDIR: sandbox.temporary } });
    const killed = await reattach(server.reattachInfo, options);
    assert.deepEqual(await killed.kill(), unknown);
    const controller = new AbortController();
    const aborted = await reattach(server.reattachInfo, { ...options, signal: controller.signal });
    controller.abort();
    assert.deepEqual(await aborted.exited, unknown);
    await using plugin = await reattach(server.reattachInfo, options);
    assert.equal(await plugin.dispense("echo").echo("still there"), "still there");
  });

  it("sees that it is gone by the connection [reattach:host]", async () => {
    await using sandbox = new Sandbox();
    const server = await startReattachableServer({ ...served, env: { TMPDIR: sandbox.temporary } });
    const plugin = await reattach(server.reattachInfo, { ...options, stopGraceMs: 100 });
    await server.close();
    assert.deepEqual(await plugin.exited, unknown);
  });

  it("attaches to a process that was started by hand [reattach:host reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const fixture = join(import.meta.dirname, "fixtures/echo-plugin.ts");
    const child = spawn(process.execPath, ["--conditions=source", fixture, "--reattachable"], {
      env: { TMPDIR: sandbox.temporary },
      stdio: ["ignore", "pipe", "ignore"],
    });
    sandbox.watch(child.pid);
    const exited = once(child, "exit");
    let info: ReattachInfo | undefined;
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith("{")) continue;
      info = parseReattachInfo(line);
      break;
    }
    assert.ok(info?.test === true && info.pid === child.pid);
    const plugin = await reattach(info, options);
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    await plugin.stop();
    assert.ok(isAlive(info.pid));
    child.kill("SIGTERM");
    await exited;
  });
});

/** A plugin whose host has launched it and is gone. */
async function launchOrphan(sandbox: Sandbox): Promise<ReattachInfo> {
  const host = spawn(
    process.execPath,
    ["--conditions=source", join(import.meta.dirname, "fixtures/reattachable-host.ts")],
    { env: { TMPDIR: sandbox.temporary }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(createInterface(host.stdout), "line")) as [string];
  if (host.exitCode === null) await once(host, "exit");
  const info = parseReattachInfo(line);
  sandbox.watch(info.pid);
  return info;
}

describe("reattach to a plugin that another host launched", { timeout: 60_000 }, () => {
  it("ends it as a launched one [reattach:host stop:ladder]", async () => {
    await using sandbox = new Sandbox();
    const info = await launchOrphan(sandbox);
    const ends: ExitStatus[] = [];
    const plugin = await reattach(info, { ...options, onExit: (exit) => ends.push(exit) });
    assert.equal(plugin.id, String(info.pid));
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    // Not a child of this process: its status is for others to know.
    assert.deepEqual(await plugin.stop(), unknown);
    assert.ok(!isAlive(info.pid));
    assert.deepEqual(ends, [unknown]);
    // The sandbox sees that its folder is gone, which its first host has made.
  });

  it("removes what is left of it, as its first host would have done [reattach:host env:socket-dir]", async () => {
    await using sandbox = new Sandbox();
    const first = await launchOrphan(sandbox);
    assert.ok(first.address.network === "unix");
    const plugin = await reattach(first, options);
    await plugin.kill();
    await plugin.exited;
    assert.ok(!existsSync(dirname(first.address.path)));
  });

  it("kills its process when it does not want to end [reattach:host]", async () => {
    await using sandbox = new Sandbox();
    const first = await launchEcho(sandbox, { args: ["--hang-stop"], stopGraceMs: 5_000 });
    const second = await reattach(first.reattachInfo, options);
    assert.equal(await second.dispense("echo").echo("shared"), "shared");
    assert.equal(await first.dispense("echo").echo("shared"), "shared");
    await second.kill();
    assert.deepEqual(await first.exited, { code: null, signal: "SIGKILL" });
  });

  it("says that it is gone within a second or two of its end [reattach:host exit:status]", async () => {
    await using sandbox = new Sandbox();
    const first = await launchEcho(sandbox);
    const logger = new LogCollector();
    const second = await reattach(first.reattachInfo, { ...options, name: "echo", logger });
    await first.stop();
    assert.deepEqual(await second.exited, unknown);
    await assert.rejects(second.ping(), {
      code: "ERR_PLUGIN_GONE",
      message: /^plugin echo is gone: its exit status is not known/,
    });
    assert.equal(logger.find(/lost its connection/), undefined);
  });
});

describe("reattach to nobody", { timeout: 60_000 }, () => {
  const nobody: ReattachInfo = { protocolVersion: 1, address: { network: "unix", path: "/no/such/socket" }, pid: 1 };

  it("fails without an attempt when the process is gone [reattach:host]", async () => {
    await using sandbox = new Sandbox();
    const child = spawn("/bin/true", { stdio: "ignore" });
    const pid = child.pid!;
    await once(child, "exit");
    sandbox.watch(pid);
    const error = await failureOf({ ...nobody, pid });
    assert.equal(error.code, "ERR_REATTACH_NOT_FOUND");
    assert.equal(
      error.summary,
      `cannot reattach to plugin pid ${pid} (/no/such/socket): reattachment process not found: there is no such process`,
    );
  });

  it("fails, and kills nothing, when a process that lives has no such socket [reattach:host]", async () => {
    await using sandbox = new Sandbox();
    const child = spawn("/bin/sleep", ["60"], { stdio: "ignore", detached: true });
    const pid = child.pid!;
    sandbox.watch(pid);
    for (const address of [
      nobody.address,
      { network: "unix", path: "@fairlead-nobody" },
      { network: "tcp", host: "127.0.0.1", port: 1 },
    ] as const) {
      const error = await failureOf({ ...nobody, address, pid });
      assert.equal(error.code, "ERR_REATTACH_NOT_FOUND");
      assert.match(error.message, /reattachment process not found: cannot connect to the plugin at /);
    }
    assert.ok(isAlive(pid));
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it("is bounded when it is accepted and nothing is said [reattach:host hang:half-open]", async () => {
    await using sandbox = new Sandbox();
    const path = join(sandbox.temporary, "p");
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const info: ReattachInfo = { ...nobody, address: { network: "unix", path }, pid: process.pid, test: true };
    const error = await failureOf(info, { startTimeoutMs: 200 });
    assert.equal(error.code, "ERR_PLUGIN_START_TIMEOUT");
    assert.match(error.message, /still waiting for an answer to the health check after 200 ms/);
    await new Promise((resolve) => server.close(resolve));
    assert.ok(!existsSync(path));
  });
});

describe("reattach refuses", { timeout: 30_000 }, () => {
  const info: ReattachInfo = { protocolVersion: 1, address: { network: "unix", path: "/x" }, pid: 2 };
  const cases: readonly (readonly [what: string, info: unknown, options: object, text: RegExp])[] = [
    ["multiplexing", info, { multiplex: true }, /gRPC broker multiplexing is not supported with Reattach config/],
    ["a copy of stderr", info, { stdio: { rawStderr: {} } }, /stderr belongs to whoever started it/],
    ["a checksum", info, { checksum: {} }, /only one of Reattach or SecureConfig can be set/],
    ["AutoMTLS", info, { tls: "auto" }, /the certificates of AutoMTLS are made for the host that launches/],
    ["no address", { ...info, address: undefined }, {}, /has no address/],
    ["nothing", undefined, {}, /has no address/],
    ["an unknown network", { ...info, address: { network: "vsock", path: "/x" } }, {}, /has an address that is none/],
    [
      "an unknown network with a port",
      { ...info, address: { network: "udp", host: "h", port: 1 } },
      {},
      /unknown address type/,
    ],
    ["an empty path", { ...info, address: { network: "unix", path: "" } }, {}, /invalid unix address/],
    ["a port out of range", { ...info, address: { network: "tcp", host: "h", port: 70_000 } }, {}, /invalid port/],
    ["a whole process group", { ...info, pid: -2 }, {}, /Pid is not the id of a process/],
    ["the own process group", { ...info, pid: 0 }, {}, /Pid is not the id of a process/],
    ["this very process", { ...info, pid: process.pid }, {}, /the id of this very process/],
    ["a version that is none", { ...info, protocolVersion: "1" }, {}, /ProtocolVersion is no whole number/],
    ["no versions", info, { versions: {} }, /versions is empty/],
    ["a runner without a kill", info, { runner: {} }, /runner has no method kill/],
    ["a callback that is none", info, { onExit: "later" }, /onExit is no function/],
  ];
  for (const [what, hostile, extra, text] of cases) {
    it(`${what} [reattach:host launch:options]`, async () => {
      const error = await failureOf(hostile as ReattachInfo, extra);
      assert.equal(error.code, "ERR_INVALID_OPTION");
      assert.match(error.message, text);
    });
  }

  it("a version that the host does not have [reattach:host version:mismatch]", async () => {
    const error = await failureOf({ ...info, protocolVersion: 9 });
    assert.equal(error.code, "ERR_APP_VERSION");
    assert.match(error.message, /Plugin version: 9, Client versions: \[1\]/);
  });
});

describe("reattach with a runner", { timeout: 30_000 }, () => {
  it("is told by it of the end, and ends the plugin through it [reattach:host runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const server = await startReattachableServer({ ...served, env: { TMPDIR: sandbox.temporary } });
    const { test: _test, ...info } = server.reattachInfo;
    const { promise: exited, resolve } = Promise.withResolvers<ExitStatus>();
    const calls: string[] = [];
    const runner = {
      id: "container-1",
      exited,
      terminate: () => void calls.push("terminate"),
      async kill() {
        calls.push("kill");
        await server.close();
        resolve({ code: 137, signal: null });
      },
    };
    const plugin = await reattach({ ...info, pid: 0 }, { ...options, runner });
    assert.equal(plugin.id, "container-1");
    assert.equal(plugin.pid, 0);
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    assert.deepEqual(await plugin.kill(), { code: 137, signal: null });
    assert.deepEqual(calls, ["kill"]);
  });
});
