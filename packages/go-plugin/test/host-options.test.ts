import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, isAbsolute, join, relative } from "node:path";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions } from "@fairlead/go-plugin/host";
import { startReattachableServer } from "@fairlead/go-plugin/serve";
import { ECHO_HANDSHAKE, echoKind } from "./support/echo-kind.ts";
import { launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { registerSpeaker, relayKind } from "./support/relay-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const noGroups = process.getuid?.() !== 0 && "needs root";

describe("option sockets", { timeout: 60_000 }, () => {
  it("is found by a plugin that works in another folder, also when TMPDIR is a relative path [sockets:place serve:listen]", async () => {
    await using sandbox = new Sandbox();
    const temporary = relative(process.cwd(), sandbox.temporary);
    process.env["TMPDIR"] = temporary;
    await using plugin = await launch({
      command: process.execPath,
      args: ["--conditions=source", join(import.meta.dirname, "fixtures/relay-plugin.ts")],
      cwd: sandbox.scripts,
      env: { TMPDIR: relative(sandbox.scripts, sandbox.temporary) },
      handshake: ECHO_HANDSHAKE,
      versions: { 1: { relay: relayKind } },
    });
    sandbox.watch(plugin.pid);
    const relay = plugin.dispense("relay");
    const id = relay.broker.nextId();
    await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
    assert.equal(await relay.callBack(id, "hi"), "host: hi");
    const listening = await startReattachableServer({ versions: { 1: [] }, env: { TMPDIR: temporary } });
    const { address } = listening.reattachInfo;
    assert.ok(address.network === "unix" && isAbsolute(address.path), "its address means the same everywhere");
    await listening.close();
  });

  it("makes the private folder where it says, and removes it [sockets:place]", async () => {
    await using sandbox = new Sandbox();
    const folder = sandbox.scripts;
    const plugin = await launchEcho(sandbox, { sockets: { folder } });
    const { address } = plugin.reattachInfo;
    assert.ok(address.network === "unix");
    assert.equal(dirname(dirname(address.path)), folder);
    assert.equal(statSync(dirname(address.path)).mode & 0o777, 0o700);
    await plugin.stop();
    assert.deepEqual(readdirSync(folder), []);
  });

  for (const [what, group, gid] of [
    ["number", "3", 3],
    ["name", "sys", 3],
  ] as const) {
    it(`opens them to a group given by its ${what} [sockets:group]`, { skip: noGroups }, async () => {
      await using sandbox = new Sandbox();
      await using plugin = await launch({
        command: process.execPath,
        args: ["--conditions=source", join(fixtures, "relay-plugin.ts")],
        env: { TMPDIR: sandbox.temporary },
        handshake: ECHO_HANDSHAKE,
        versions: { 1: { relay: relayKind } },
        sockets: { group },
      });
      sandbox.watch(plugin.pid);
      const { broker } = plugin.dispense("relay");
      await using _server = await broker.accept(broker.nextId(), (registrar) => registerSpeaker(registrar, "host"));
      const { address } = plugin.reattachInfo;
      assert.ok(address.network === "unix");
      const folder = dirname(address.path);
      // go-plugin: 0770 for the folder, 0660 for each socket.
      assert.deepEqual(describeFile(folder), { gid, mode: "770" });
      const sockets = readdirSync(folder);
      assert.equal(sockets.length, 2, "the plugin's and the host's");
      for (const socket of sockets) assert.deepEqual(describeFile(join(folder, socket)), { gid, mode: "660" });
    });
  }

  it("fails before anything is started when it cannot be [sockets:place sockets:group]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    for (const [sockets, text_] of [
      [{ folder: "/no/such/folder" }, /option sockets.folder is "\/no\/such\/folder", which cannot be used: ENOENT/],
      [{ folder: `/tmp/${"x".repeat(90)}` }, /too long a path/],
      [{ folder: "relative" }, /option sockets.folder is "relative": expected an absolute path/],
      [{ group: "no-such-group" }, /option sockets.group is .*: failed to find gid from "no-such-group"/],
      [{ group: "" }, /option sockets.group is "": expected the name or number of a group/],
    ] as const) {
      await assert.rejects(launchEcho(sandbox, { sockets, logger }), { code: "ERR_INVALID_OPTION", message: text_ });
    }
    assert.equal(logger.find("plugin process exited"), undefined);
  });
});

function describeFile(path: string): { readonly gid: number; readonly mode: string } {
  const { gid, mode } = statSync(path);
  return { gid, mode: (mode & 0o777).toString(8) };
}

describe("option ports", { timeout: 60_000 }, () => {
  it("is where a plugin on tcp listens: it takes the first free one [env:ports]", async () => {
    await using sandbox = new Sandbox();
    // Two neighbours, the first of which is taken.
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port: min } = taken.address() as AddressInfo;
    const plugin = await launch({
      command: process.execPath,
      args: ["--conditions=source", join(fixtures, "stubborn-plugin.ts"), "listens-in-range"],
      env: {},
      handshake: ECHO_HANDSHAKE,
      versions: { 1: { echo: echoKind } },
      ports: { min, max: Math.min(min + 50, 65_535) },
      stopGraceMs: 300,
    });
    sandbox.watch(plugin.pid);
    await plugin.ping();
    const { address } = plugin.reattachInfo;
    assert.ok(address.network === "tcp" && address.port > min && address.port <= min + 50, JSON.stringify(address));
    await plugin.stop();
    await new Promise((resolve) => taken.close(resolve));
  });
});

describe("option stdin", { timeout: 60_000 }, () => {
  it("can be the host's own, as in go-plugin [launch:stdin]", async () => {
    await using sandbox = new Sandbox();
    const host = spawn(process.execPath, ["--conditions=source", join(fixtures, "stdin-host.ts")], {
      env: { TMPDIR: sandbox.temporary },
      stdio: ["pipe", "pipe", "inherit"],
    });
    sandbox.watch(host.pid);
    host.stdin.end("typed by a person\n");
    assert.equal(await text(host.stdout), "the plugin read: typed by a person");
  });
});

function only(protocols: unknown): Partial<LaunchOptions<EchoKinds>> {
  return { protocols } as never;
}

describe("option protocols", { timeout: 60_000 }, () => {
  it("refuses net/rpc with one sentence, and starts nothing [handshake:netrpc launch:options]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    for (const protocols of [["netrpc"], ["grpc", "netrpc"]]) {
      await assert.rejects(launchEcho(sandbox, { ...only(protocols), logger }), {
        code: "ERR_UNSUPPORTED_PROTOCOL",
        summary: 'launch: option protocols has "netrpc": only "grpc" can be hosted, net/rpc exists in Go alone',
      });
    }
    for (const protocols of [[], "grpc", {}]) {
      await assert.rejects(launchEcho(sandbox, only(protocols)), { code: "ERR_INVALID_OPTION" });
    }
    assert.deepEqual(logger.events, []);
  });

  it("takes what it can do anyway [handshake:netrpc]", async () => {
    await using sandbox = new Sandbox();
    await using plugin = await launchEcho(sandbox, { protocols: ["grpc"] });
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
  });
});

describe("options of the log", { timeout: 60_000 }, () => {
  it("can have longer lines [log:limit]", async () => {
    await using sandbox = new Sandbox();
    const message = "x".repeat(100_000);
    const line = JSON.stringify({ "@level": "info", "@message": message });
    const command = sandbox.script(
      "talker",
      `process.stderr.write(${JSON.stringify(`${line}\n`)}, () => process.exit(1));`,
    );
    const options = { command, env: {}, handshake: ECHO_HANDSHAKE, versions: { 1: { echo: echoKind } } };
    const [byDefault, longer] = [new LogCollector(), new LogCollector()];
    await assert.rejects(launch({ ...options, logger: byDefault }));
    await assert.rejects(launch({ ...options, logger: longer, maxLogLineBytes: 200_000 }));
    assert.equal(byDefault.find(message), undefined);
    assert.equal(longer.find(message)?.level, "info");
    for (const maxLogLineBytes of [0, 1_023, 2 ** 24 + 1, Number.NaN]) {
      await assert.rejects(launch({ ...options, maxLogLineBytes }), { code: "ERR_INVALID_OPTION" });
    }
  });

  it("can have a copy of it, byte for byte, also when the start fails [log:raw]", async () => {
    await using sandbox = new Sandbox();
    const bytes = 'plain\r\n{"@level":"info","@message":"m"}\n\u0000\u00ff no newline';
    const base64 = Buffer.from(bytes, "latin1").toString("base64");
    const write = `process.stderr.write(Buffer.from("${base64}", "base64"), () => process.exit(1));`;
    const command = sandbox.script("talker", write);
    const written: Buffer[] = [];
    const rawStderr = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        written.push(chunk);
        callback();
      },
    });
    const logger = new LogCollector();
    const options = { command, env: {}, handshake: ECHO_HANDSHAKE, versions: { 1: { echo: echoKind } } };
    await assert.rejects(launch({ ...options, logger, stdio: { rawStderr } }), { code: "ERR_PLUGIN_EXITED_EARLY" });
    assert.equal(Buffer.concat(written).toString("latin1"), bytes);
    assert.ok(logger.find("plain"));
    assert.equal(rawStderr.writableEnded, false);
  });
});
