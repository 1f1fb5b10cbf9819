import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginErrorCode } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { provide, startPluginServer } from "@fairlead/go-plugin/serve";
import type { PluginServer } from "@fairlead/go-plugin/serve";
import { connectGrpc, createGrpcServer, GrpcError } from "@fairlead/grpc";
import { MuxDoor } from "../src/broker/mux-door.ts";
import { MuxListener } from "../src/broker/mux-listener.ts";
import { openListener } from "../src/transport/listener.ts";
import { createYamuxSession } from "../src/yamux/yamux-session.ts";
import { listening, someCertificate, tlsPlugin } from "./support/bad-plugin.ts";
import { ECHO_HANDSHAKE, echoKind, echoMethod } from "./support/echo-kind.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { echoOptions } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { registerSpeaker, relayKind, sayMethod } from "./support/relay-kind.ts";
import type { RelayClient } from "./support/relay-kind.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const fixtures = join(import.meta.dirname, "fixtures");

type RelayKinds = { readonly relay: typeof relayKind };

async function launchRelay(
  sandbox: Sandbox,
  options: Partial<LaunchOptions<RelayKinds>> = {},
): Promise<{ readonly plugin: PluginProcess<RelayKinds>; readonly relay: RelayClient }> {
  const plugin = await launch({
    command: process.execPath,
    args: ["--conditions=source", join(fixtures, "relay-plugin.ts")],
    env: { TMPDIR: sandbox.temporary },
    handshake: ECHO_HANDSHAKE,
    versions: { 1: { relay: relayKind } },
    multiplex: true,
    ...options,
  });
  sandbox.watch(plugin.pid);
  return { plugin, relay: plugin.dispense("relay") };
}

for (const tls of ["none", "auto"] as const) {
  describe(`multiplexing, tls ${tls}`, { timeout: 60_000 }, () => {
    it("lets the plugin call the host back [mux:host mux:plugin mux:mtls mux:knock]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = relay.broker.nextId();
      await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
      assert.equal(await relay.callBack(id, "hi"), "host: hi");
      assert.equal(await relay.callBack(id, "again"), "host: again");
    });

    it("lets the host call what the plugin accepts [mux:host mux:plugin mux:mtls mux:knock]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = await relay.open();
      await using connection = await relay.broker.dial(id);
      assert.equal(await connection.unary(sayMethod, "hi"), `plugin ${id}: hi`);
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    });

    it("brings many connections of both directions to their ends, whatever their order [mux:knock]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const there = Array.from({ length: 8 }, async () => {
        const id = await relay.open();
        await using connection = await relay.broker.dial(id);
        assert.equal(await connection.unary(sayMethod, "x"), `plugin ${id}: x`);
      });
      const back = Array.from({ length: 8 }, async () => {
        const id = relay.broker.nextId();
        // The plugin dials before it is told.
        const answer = relay.callBack(id, "y");
        await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, `host ${id}`));
        assert.equal(await answer, `host ${id}: y`);
      });
      await Promise.all([...there, ...back]);
    });

    it("carries large messages over brokered connections [mux:yamux]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      await using connection = await relay.broker.dial(await relay.open());
      const message = "0123456789abcdef".repeat(256 * 1024);
      assert.equal((await connection.unary(sayMethod, message)).length, message.length + "plugin 1: ".length);
    });

    it("ends everything when the plugin is killed in the middle [mux:host]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
      const back = assert.rejects(relay.callBack(1, "wait"), (error) => GrpcError.is(error, "UNAVAILABLE"));
      const connection = await relay.broker.dial(await relay.open());
      const there = assert.rejects(connection.unary(sayMethod, "wait"), (error) => GrpcError.is(error, "UNAVAILABLE"));
      await plugin.kill();
      await Promise.all([back, there, connection.closed]);
      await assert.rejects(relay.broker.dial(7), { code: "ERR_PLUGIN_GONE" });
    });

    it("ends everything when the plugin is stopped in the middle [mux:plugin]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
      const back = assert.rejects(relay.callBack(1, "wait"));
      const connection = await relay.broker.dial(await relay.open());
      const there = assert.rejects(connection.unary(sayMethod, "wait"));
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
      await Promise.all([back, there, connection.closed]);
    });

    it("fails brokered calls of a plugin that crashes with its end [mux:host]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      const connection = await relay.broker.dial(await relay.open());
      const cut = assert.rejects(connection.unary(sayMethod, "wait"), (error) => GrpcError.is(error, "UNAVAILABLE"));
      const dial = assert.rejects(relay.broker.dial(1_000), { code: "ERR_PLUGIN_GONE", message: /exit status 3/ });
      await Promise.all([assert.rejects(relay.crash()), cut, dial]);
      assert.deepEqual(await plugin.exited, { code: 3, signal: null });
    });
  });
}

describe("a plugin that multiplexes", { timeout: 60_000 }, () => {
  it("ends when its host is killed, and leaves nothing [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    const host = spawn(process.execPath, ["--conditions=source", join(fixtures, "accepting-host.ts"), "multiplex"], {
      env: { TMPDIR: sandbox.temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = (await once(host.stdout, "data")) as [Buffer];
    const pid = Number(String(chunk));
    sandbox.watch(pid);
    const exited = once(host, "exit");
    host.kill("SIGKILL");
    await exited;
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("ends when nobody connects within 5 seconds, and says so [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    const { key, value } = ECHO_HANDSHAKE;
    const child = spawn(process.execPath, ["--conditions=source", join(fixtures, "relay-plugin.ts")], {
      env: { [key]: value, TMPDIR: sandbox.temporary, PLUGIN_MULTIPLEX_GRPC: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    sandbox.watch(child.pid);
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    await once(child, "exit");
    const [line, log] = await output;
    assert.match(line, /^1\|1\|unix\|.*\|grpc\|\|true\n/);
    assert.match(log, /timed out waiting for connection to be established.*multiplexed connection lost/);
  });

  it("takes one connection and no other, and has no socket from then on [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startEcho(sandbox);
    const path = socketOf(server);
    const session = createYamuxSession(connectSocket(path), { side: "client" });
    await using connection = connectGrpc(session.openStream());
    assert.equal(await connection.unary(echoMethod, "hi"), "hi");
    assert.equal(existsSync(path), false);
    const second = connectSocket(path);
    const [error] = (await once(second, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ENOENT");
    // The host may connect to the services again, on another stream of the same connection.
    await using again = connectGrpc(session.openStream());
    assert.equal(await again.unary(echoMethod, "hi"), "hi");
  });

  it("ends when that connection ends [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    await using server = await startEcho(sandbox, { logger });
    const session = createYamuxSession(connectSocket(socketOf(server)), { side: "client" });
    await using connection = connectGrpc(session.openStream());
    await connection.unary(echoMethod, "hi");
    session.destroy();
    await server.closed;
    assert.ok(logger.find("grpc server: multiplexed connection lost"));
  });

  it("ends when its connection speaks something else [mux:plugin mux:yamux]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startEcho(sandbox);
    const socket = connectSocket(socketOf(server));
    socket.on("error", () => {});
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await server.closed;
    socket.destroy();
  });

  it("refuses who was about to connect as well [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    await using server = await startEcho(sandbox, { logger });
    const path = socketOf(server);
    const sockets = [connectSocket(path), connectSocket(path), connectSocket(path)];
    const refused = sockets.slice(1).map((socket) => new Promise((resolve) => socket.on("close", resolve).resume()));
    for (const socket of sockets) socket.on("error", () => {});
    const session = createYamuxSession(sockets[0]!, { side: "client" });
    // Either the plugin has taken and closed them, or they were never taken.
    await Promise.all(refused);
    await using connection = connectGrpc(session.openStream());
    assert.equal(await connection.unary(echoMethod, "hi"), "hi");
    session.destroy();
  });

  it("waits 5 seconds for its host [mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    const clock = new FakeClock();
    const logger = new LogCollector();
    const door = new MuxDoor({ peer: "host", createSession: createYamuxSession, logger, schedule: clock.schedule });
    const lost: string[] = [];
    const listener = await openListener({ temporaryFolder: sandbox.temporary });
    const served = new MuxListener(listener, {
      door,
      grpc: createGrpcServer(),
      tls: undefined,
      logger,
      onLost: (reason) => lost.push(reason),
      schedule: clock.schedule,
    });
    clock.advance(4_999);
    assert.deepEqual(lost, []);
    clock.advance(1);
    assert.deepEqual(lost, ["timed out waiting for connection to be established"]);
    served.destroy();
    assert.equal(clock.pending, 0);
  });
});

describe("a host that wants to multiplex", { timeout: 60_000 }, () => {
  const unsupported = "client requested gRPC broker multiplexing but plugin does not support the feature";
  const refusals: readonly (readonly [what: string, field: string, code: PluginErrorCode, words: string])[] = [
    [
      "has no seventh field",
      "",
      "ERR_MUX_UNSUPPORTED",
      `${unsupported}; for Go plugins, you will need to update the github.com/hashicorp/go-plugin dependency and recompile`,
    ],
    ["does not want to", "|false", "ERR_MUX_UNSUPPORTED", `${unsupported}\n`],
    [
      "says neither yes nor no",
      "|nah",
      "ERR_HANDSHAKE_MALFORMED",
      'error parsing "nah" as a boolean for gRPC broker multiplexing support',
    ],
    [
      "says nothing in it",
      "|",
      "ERR_HANDSHAKE_MALFORMED",
      'error parsing "" as a boolean for gRPC broker multiplexing support',
    ],
  ];
  for (const [what, field, code, words] of refusals) {
    it(`refuses a plugin that ${what}, in Go's words [mux:refused]`, async () => {
      await using sandbox = new Sandbox();
      const command = sandbox.script("plugin", listening({ line: `\`1|1|unix|\${path}|grpc|${field}\`` }));
      await assert.rejects(launch(echoOptions(command, { multiplex: true })), (error) => {
        assert.ok(PluginError.is(error, code), String(error));
        assert.ok(error.message.includes(words), error.message);
        return true;
      });
    });
  }

  it("looks at the certificate first [mux:refused]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", listening({ line: `\`1|1|unix|\${path}|grpc|${"?".repeat(60)}|false\`` }));
    await assert.rejects(launch(echoOptions(command, { multiplex: true })), { code: "ERR_TLS_IDENTITY" });
  });

  it("does not look at the field when it does not want to [mux:refused]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script(
      "plugin",
      listening({ line: "`1|1|unix|${path}|grpc||nah`", onConnection: "socket.destroy();" }),
    );
    await assert.rejects(launch(echoOptions(command)), { code: "ERR_PLUGIN_UNHEALTHY" });
  });

  it("asks by the environment, only then [mux:host]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", 'console.log("multiplex:", process.env.PLUGIN_MULTIPLEX_GRPC);');
    for (const [options, asked] of [
      [{ multiplex: true }, "true"],
      [{ env: { PLUGIN_MULTIPLEX_GRPC: "1" } }, "undefined"],
    ] as const) {
      const message = new RegExp(`remote plugin message: multiplex: ${asked}`);
      await assert.rejects(launch(echoOptions(command, options)), { message });
    }
  });

  it("fails the start of one that says yes and speaks something else [mux:host mux:yamux]", async () => {
    await using sandbox = new Sandbox();
    for (const onConnection of [
      "socket.destroy();",
      'socket.write("HTTP/1.1 400 Bad Request\\r\\n\\r\\n");',
      // GO_AWAY.
      'socket.write(Buffer.from("000300000000000000000001", "hex"));',
    ]) {
      const command = sandbox.script("plugin", listening({ line: "`1|1|unix|${path}|grpc||true`", onConnection }));
      await assert.rejects(launch(echoOptions(command, { multiplex: true })), { code: "ERR_PLUGIN_UNHEALTHY" });
    }
  });

  it("fails the start of one that does not answer [mux:host]", async () => {
    await using sandbox = new Sandbox();
    const body = listening({ line: "`1|1|unix|${path}|grpc||true`" });
    const options = { multiplex: true, startTimeoutMs: 1_500 };
    await assert.rejects(launch(echoOptions(sandbox.script("plugin", body), options)), {
      code: "ERR_PLUGIN_START_TIMEOUT",
      message: /still waiting for an answer to the health check/,
    });
  });

  it("wants TLS inside the stream, not around the connection [mux:mtls]", async () => {
    await using sandbox = new Sandbox();
    const around = tlsPlugin()
      .replace("|grpc|", "|grpc|")
      .replace(/\|grpc\|([A-Za-z0-9+/]+)`/, "|grpc|$1|true`");
    const options = { multiplex: true, tls: "auto", startTimeoutMs: 3_000 } as const;
    await assert.rejects(launch(echoOptions(sandbox.script("plugin", around), options)), (error) => {
      assert.ok(PluginError.is(error, "ERR_TLS_IDENTITY") || PluginError.is(error, "ERR_PLUGIN_START_TIMEOUT"));
      return true;
    });
    const silent = listening({
      line: `\`1|1|unix|\${path}|grpc|${someCertificate}|true\``,
      onConnection: "socket.end();",
    });
    await assert.rejects(launch(echoOptions(sandbox.script("silent", silent), options)), { code: "ERR_TLS_IDENTITY" });
  });

  it("takes only true or false for it [launch:options]", async () => {
    const options = { multiplex: "yes" } as unknown as LaunchOptions<never>;
    await assert.rejects(launch({ ...echoOptions("/bin/true"), ...options }), { code: "ERR_INVALID_OPTION" });
  });
});

async function startEcho(sandbox: Sandbox, options: { readonly logger?: LogCollector } = {}): Promise<PluginServer> {
  return await startPluginServer({
    handshake: ECHO_HANDSHAKE,
    versions: { 1: [provide(echoKind, { echo: (text) => text })] },
    env: { [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value, TMPDIR: sandbox.temporary, PLUGIN_MULTIPLEX_GRPC: "true" },
    stdout: new PassThrough().resume(),
    shutdownGraceMs: 200,
    ...options,
  });
}

function socketOf(server: PluginServer): string {
  return server.handshakeLine.split("|")[3] ?? "";
}
