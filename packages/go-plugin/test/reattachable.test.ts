import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { reattach } from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import type { ReattachInfo } from "@fairlead/go-plugin/serve";
import { checkHealth, connectGrpc } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import { parseReattachInfo } from "../src/protocol/reattach-info.ts";
import type { StdioData } from "../src/protocol/services.ts";
import { shutdownMethod, streamStdioMethod } from "../src/protocol/services.ts";
import { echoKind, echoMethod } from "./support/echo-kind.ts";
import { registerSpeaker, relayKind, sayMethod } from "./support/relay-kind.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const impl = { echo: (text: string) => text };
const versions = { 1: [provide(echoKind, impl)], 4: [provide(echoKind, impl)] };

function attach(info: ReattachInfo): ClientConnection {
  assert.ok(info.address.network === "unix");
  return connectGrpc(connectSocket(info.address.path));
}

function socketOf(info: ReattachInfo): string {
  return info.address.network === "unix" ? info.address.path : "";
}

describe("startReattachableServer", { timeout: 30_000 }, () => {
  it("says what a host needs, and asks for no cookie [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({ versions, env: { TMPDIR: sandbox.temporary } });
    const { reattachInfo } = server;
    assert.deepEqual(reattachInfo, {
      protocolVersion: 1,
      address: { network: "unix", path: socketOf(reattachInfo) },
      pid: process.pid,
      test: true,
    });
    await using connection = attach(reattachInfo);
    assert.equal(await checkHealth(connection, "plugin"), "SERVING");
    assert.equal(await connection.unary(echoMethod, "hello"), "hello");
  });

  it("serves the version that the environment asks for [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const env = { TMPDIR: sandbox.temporary, PLUGIN_PROTOCOL_VERSIONS: "4,9" };
    await using server = await startReattachableServer({ versions, env });
    assert.equal(server.protocolVersion, 4);
    assert.equal(server.reattachInfo.protocolVersion, 4);
  });

  it("serves several hosts, one after another and at once [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({ versions, env: { TMPDIR: sandbox.temporary } });
    for (let round = 0; round < 3; round++) {
      await using first = attach(server.reattachInfo);
      await using second = attach(server.reattachInfo);
      const answers = [first.unary(echoMethod, "first"), second.unary(echoMethod, "second")];
      assert.deepEqual(await Promise.all(answers), ["first", "second"]);
    }
  });

  it("gives each host in turn a broker, in both directions [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({
      versions: { 1: [provide(relayKind, {})] },
      env: { TMPDIR: sandbox.temporary },
    });
    for (const name of ["first", "second", "third"]) {
      await using plugin = await reattach(server.reattachInfo, { versions: { 1: { relay: relayKind } } });
      const relay = plugin.dispense("relay");
      const id = relay.broker.nextId();
      await using _accepted = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, name));
      assert.equal(await relay.callBack(id, "hi"), `${name}: hi`);
      const opened = await relay.open();
      await using connection = await relay.broker.dial(opened);
      assert.equal(await connection.unary(sayMethod, "hi"), `plugin ${opened}: hi`);
      await relay.close(opened);
    }
  });

  it("ignores what a host above this process has left in the environment [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const env = { TMPDIR: sandbox.temporary, PLUGIN_CLIENT_CERT: "left over", PLUGIN_MULTIPLEX_GRPC: "true" };
    await using server = await startReattachableServer({ versions, env });
    await using connection = attach(server.reattachInfo);
    assert.equal(await connection.unary(echoMethod, "hello"), "hello");
  });

  it("closes with its signal, and with a host's Shutdown call [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const env = { TMPDIR: sandbox.temporary };
    const controller = new AbortController();
    const bySignal = await startReattachableServer({ versions, env, signal: controller.signal });
    controller.abort();
    await bySignal.closed;
    assert.equal(existsSync(socketOf(bySignal.reattachInfo)), false);
    const byHost = await startReattachableServer({ versions, env });
    await using connection = attach(byHost.reattachInfo);
    await connection.unary(shutdownMethod, undefined);
    await byHost.closed;
  });
});

/** The echo plugin, started as a person would. */
async function startByHand(sandbox: Sandbox) {
  const fixture = join(import.meta.dirname, "fixtures/echo-plugin.ts");
  const child = spawn(process.execPath, ["--conditions=source", fixture, "--reattachable", "--say-stop"], {
    env: { TMPDIR: sandbox.temporary, PLUGIN_CLIENT_CERT: "left over" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  sandbox.watch(child.pid);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  await new Promise<void>((resolve) => {
    reader.on("line", (line) => {
      lines.push(line);
      if (line.startsWith("{")) resolve();
    });
  });
  reader.removeAllListeners("line");
  // And everything it wrote was read.
  const exited = once(child, "close");
  const info = parseReattachInfo(lines.at(-1)!);
  return { child, reader, info, exited, printed: lines.slice(0, -1), readError: () => stderr };
}

describe("a plugin that a person starts", { timeout: 60_000 }, () => {
  it("prints the JSON on stdout, an explanation on stderr, and serves [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await startByHand(sandbox);
    assert.deepEqual(plugin.printed, ["printed on load", "written on load"]);
    assert.equal(plugin.info.pid, plugin.child.pid);
    assert.equal(plugin.info.test, true);
    for (const text of ["one host", "another host"]) {
      await using connection = attach(plugin.info);
      assert.equal(await connection.unary(echoMethod, text), text);
    }
    plugin.child.kill("SIGTERM");
    assert.deepEqual(await plugin.exited, [0, null]);
    assert.match(plugin.readError(), /waits for one to attach to it[\s\S]*TF_REATTACH_PROVIDERS/);
  });

  it("ends with Ctrl-C, in order [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await startByHand(sandbox);
    plugin.child.kill("SIGINT");
    assert.deepEqual(await plugin.exited, [0, null]);
    assert.match(plugin.readError(), /\[INFO\] stop ran/);
    assert.equal(existsSync(socketOf(plugin.info)), false);
  });

  it("leaves its prints on stdout and stderr, and copies them to a host that reads them [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await startByHand(sandbox);
    await using connection = attach(plugin.info);
    const line = once(plugin.reader, "line");
    // Nobody reads yet: only the terminal gets this one.
    await connection.unary(echoMethod, "print stdout");
    assert.deepEqual(await line, ["out €"]);
    const prints: AsyncIterable<StdioData, unknown> = connection.serverStream(streamStdioMethod, undefined);
    const stdio = prints[Symbol.asyncIterator]();
    const first = stdio.next();
    await connection.unary(echoMethod, "reading");
    await connection.unary(echoMethod, "print stderr");
    assert.deepEqual((await first).value, { channel: "stderr", data: Buffer.from("err\n") });
    plugin.child.kill("SIGTERM");
    await plugin.exited;
    assert.match(plugin.readError(), /^err$/m);
  });

  it("lives on when who started it stops reading, and when its hosts go [reattach:test-mode]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await startByHand(sandbox);
    plugin.child.stdout.destroy();
    plugin.child.stderr.destroy();
    const gone = attach(plugin.info);
    await gone.unary(echoMethod, "print stdout");
    await gone.unary(echoMethod, "print stderr");
    gone.destroy();
    await using connection = attach(plugin.info);
    assert.equal(await connection.unary(echoMethod, "still there"), "still there");
    plugin.child.kill("SIGTERM");
    assert.deepEqual(await plugin.exited, [0, null]);
    assert.equal(isAlive(plugin.info.pid), false);
  });
});
