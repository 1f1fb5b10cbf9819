import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket, createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { provide, startPluginServer } from "@fairlead/go-plugin/serve";
import type { PluginServer, PluginServerOptions } from "@fairlead/go-plugin/serve";
import { connectGrpc, createGrpcServer, GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import type { PluginErrorCode } from "@fairlead/go-plugin";
import { shutdownMethod, startStreamMethod, streamStdioMethod } from "../src/protocol/services.ts";
import { openPluginServer } from "../src/serve/plugin-server.ts";
import { StdioRelay } from "../src/serve/stdio-relay.ts";
import { certificateToPem, createIdentity } from "../src/tls/certificate.ts";
import { createPeerTls } from "../src/tls/peer-tls.ts";
import { ServedListener } from "../src/transport/served-listener.ts";
import { issueCertificate } from "./support/certificates.ts";
import { ECHO_HANDSHAKE, echoKind, echoMethod } from "./support/echo-kind.ts";
import { LogCollector } from "./support/log-collector.ts";
import { Sandbox } from "./support/sandbox.ts";

type Variables = Readonly<Record<string, string>>;

function serveEcho(sandbox: Sandbox, env: Variables, logger = new LogCollector()): PluginServerOptions {
  return {
    handshake: ECHO_HANDSHAKE,
    versions: { 1: [provide(echoKind, { echo: (text) => text })], 2: [provide(echoKind, { echo: (text) => text })] },
    env: { TMPDIR: sandbox.temporary, [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value, ...env },
    stdout: new PassThrough(),
    logger,
  };
}

function socketOf(server: PluginServer): string {
  return server.handshakeLine.split("|")[3] ?? "";
}

const hostIdentity = issueCertificate("localhost");

/** The host that the plugin was made for. */
function connectHost(server: PluginServer): ClientConnection {
  const certificate = server.handshakeLine.split("|")[5] ?? "";
  const path = socketOf(server);
  if (certificate === "") return connectGrpc(connectSocket(path));
  const ca = certificateToPem(Buffer.from(certificate, "base64"));
  const socket = connectTls({ path, ca, servername: "localhost", ALPNProtocols: ["h2"], ...hostIdentity });
  return connectGrpc(socket);
}

/** Connects, sends this, and waits to be thrown out. */
async function intrude(server: PluginServer, bytes: string): Promise<void> {
  const socket = connectSocket(socketOf(server));
  socket.on("error", () => {});
  socket.write(bytes);
  socket.resume();
  await once(socket, "close");
}

describe("a plugin whose socket others find", { timeout: 60_000 }, () => {
  for (const [tls, env] of [
    ["none", {}],
    ["auto", { PLUGIN_CLIENT_CERT: hostIdentity.cert }],
  ] as const) {
    it(`throws out who speaks something else, and serves its host, tls ${tls} [serve:intruder]`, async () => {
      await using sandbox = new Sandbox();
      await using server = await startPluginServer(serveEcho(sandbox, env));
      await using host = connectHost(server);
      assert.equal(await host.unary(echoMethod, "before"), "before");
      for (const bytes of [
        "GET / HTTP/1.1\r\n\r\n",
        "\0".repeat(10_000),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "x".repeat(100),
      ]) {
        await intrude(server, bytes);
      }
      assert.equal(await host.unary(echoMethod, "after"), "after");
    });

    it(`holds a bounded number of silent connections, and serves its host, tls ${tls} [serve:intruder]`, async () => {
      await using sandbox = new Sandbox();
      const logger = new LogCollector();
      await using server = await startPluginServer(serveEcho(sandbox, env, logger));
      await using host = connectHost(server);
      assert.equal(await host.unary(echoMethod, "before"), "before");
      const open = new Set<Socket>();
      const settled = Array.from({ length: 500 }, async () => {
        const socket = connectSocket(socketOf(server));
        socket.on("error", () => {});
        await once(socket, "connect");
        open.add(socket);
        socket.once("close", () => open.delete(socket));
        socket.resume();
      });
      await Promise.allSettled(settled);
      while (open.size > 127) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await host.unary(echoMethod, "after"), "after");
      assert.equal(open.size, 127);
      const lines = logger.events.filter(({ message }) => message === "connections refused: too many");
      assert.ok(lines.length > 0 && lines.length < 12, `${lines.length} log lines`);
      // They do not keep it from ending either.
      await server.close();
      while (open.size > 0) await new Promise((resolve) => setImmediate(resolve));
    });
  }

  it("refuses whom the host's certificate has only signed, and says why [mtls:plugin serve:intruder]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const env = { PLUGIN_CLIENT_CERT: hostIdentity.cert };
    await using server = await startPluginServer(serveEcho(sandbox, env, logger));
    for (const [identity, message] of [
      [issueCertificate("guest", { issuer: hostIdentity }), "connection refused: not the host's certificate"],
      [issueCertificate("localhost"), "connection refused: TLS handshake failed"],
      [
        issueCertificate("guest", { issuer: hostIdentity, nowMs: Date.UTC(2020, 1) }),
        "connection refused: TLS handshake failed",
      ],
    ] as const) {
      logger.events.length = 0;
      const socket = connectTls({
        path: socketOf(server),
        rejectUnauthorized: false,
        ALPNProtocols: ["h2"],
        ...identity,
      });
      socket.on("error", () => {});
      socket.resume();
      await once(socket, "close");
      await logger.waitFor(message);
    }
    assert.match(String(logger.events[0]?.fields["error"]), /CERT_HAS_EXPIRED/);
  });
});

describe("a listener", () => {
  it("closes a connection whose TLS handshake failed or took too long [serve:intruder]", async () => {
    const server = createTcpServer();
    const listener = new ServedListener(
      { server, removeFiles() {} },
      { grpc: createGrpcServer(), tls: undefined, peer: "host", logger: new LogCollector() },
    );
    const socket = new PassThrough();
    server.emit("tlsClientError", new Error("TLS handshake timeout"), socket);
    assert.equal(socket.destroyed, true);
    await Promise.resolve(listener.destroy());
  });

  it("does not say of each of thousands that it was refused [serve:intruder]", async () => {
    const server = createTcpServer();
    const logger = new LogCollector();
    const tls = createPeerTls(createIdentity(), createIdentity().certificateDer, "host");
    const listener = new ServedListener(
      { server, removeFiles() {} },
      { grpc: createGrpcServer(), tls, peer: "host", logger },
    );
    for (let refused = 1; refused <= 1_000; refused++) {
      server.emit("tlsClientError", new Error("wrong version number"), new PassThrough());
      server.emit("secureConnection", new PassThrough());
    }
    const counts = (message: string) =>
      logger.events.filter((event) => event.message === message).map(({ fields }) => fields["refused"]);
    const powers = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    assert.deepEqual(counts("connection refused: TLS handshake failed"), powers);
    assert.deepEqual(counts("connection refused: not the host's certificate"), powers);
    await Promise.resolve(listener.destroy());
  });
});

describe("a plugin whose host calls without measure", { timeout: 60_000 }, () => {
  it("ends once for many Shutdown calls [serve:shutdown serve:intruder]", async () => {
    await using sandbox = new Sandbox();
    let stops = 0;
    const stop = async (): Promise<void> => void (await Promise.resolve(stops++));
    await using server = await startPluginServer({ ...serveEcho(sandbox, {}), stop });
    await using host = connectHost(server);
    const calls = Array.from({ length: 50 }, () => host.unary(shutdownMethod, undefined));
    await Promise.allSettled(calls);
    await server.closed;
    assert.equal(stops, 1);
  });

  it("goes on after hundreds of streams of its own services [serve:services serve:intruder]", async () => {
    await using sandbox = new Sandbox();
    const stdio = new StdioRelay();
    await using server = await openPluginServer(serveEcho(sandbox, {}), stdio);
    const greedy = connectHost(server);
    const streams = Array.from({ length: 300 }, (_, index) => {
      const calls =
        index % 2 === 0 ? greedy.serverStream(streamStdioMethod, undefined) : greedy.bidi(startStreamMethod);
      const iterator: AsyncIterator<unknown, unknown> = calls[Symbol.asyncIterator]();
      return iterator.next().catch(() => undefined);
    });
    const waiting = greedy.unary(echoMethod, "hello").catch((error: unknown) => GrpcError.is(error));
    await new Promise((resolve) => setImmediate(resolve));
    greedy.destroy();
    await Promise.all([...streams, waiting]);
    await using host = connectHost(server);
    assert.equal(await host.unary(echoMethod, "hello"), "hello");
    while (stdio.isRead) await new Promise((resolve) => setImmediate(resolve));
  });

  it("keeps no more than 1 MiB of prints for a host that stops reading, and counts the rest [stdio:flood]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const stdio = new StdioRelay();
    await using server = await openPluginServer(serveEcho(sandbox, {}, logger), stdio);
    // It sends its call, and never looks at its socket again.
    const socket = connectSocket(socketOf(server));
    await using host = connectGrpc(socket, { reads: "caller" });
    const prints: AsyncIterable<unknown, unknown> = host.serverStream(streamStdioMethod, undefined);
    const first = prints[Symbol.asyncIterator]()
      .next()
      .catch(() => undefined);
    while (!stdio.isRead) await new Promise((resolve) => setImmediate(resolve));
    const print = Buffer.alloc(64 * 1024, "x");
    for (let printed = 0; printed < 1_000; printed++) {
      stdio.push("stdout", print);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(stdio.droppedBytes >= 58 * 1024 * 1024, `${stdio.droppedBytes} bytes dropped`);
    await server.close();
    const said = logger.find("output dropped: the host did not read it");
    assert.equal(said?.fields["droppedBytes"], stdio.droppedBytes);
    host.destroy();
    await first;
  });
});

describe("a plugin whose host says nonsense", { timeout: 60_000 }, () => {
  const long = "x".repeat(100_000);
  const harmless: readonly (readonly [what: string, env: Variables, line: RegExp])[] = [
    ["versions that are none", { PLUGIN_PROTOCOL_VERSIONS: "x,,1.5,-,0x1,99999999999999999999" }, /^1\|1\|unix/],
    ["one version among nonsense", { PLUGIN_PROTOCOL_VERSIONS: "x,2,__proto__" }, /^1\|2\|unix/],
    ["versions without end", { PLUGIN_PROTOCOL_VERSIONS: "x,".repeat(50_000) }, /^1\|1\|unix/],
    ["something else than yes about multiplexing", { PLUGIN_MULTIPLEX_GRPC: long }, /\|grpc\|\|false$/],
    ["ports that are none, where there are unix sockets", { PLUGIN_MIN_PORT: long, PLUGIN_MAX_PORT: "-1" }, /\|unix\|/],
    ["a folder that fits into no address", { PLUGIN_UNIX_SOCKET_DIR: `/${long}` }, /\|unix\|\/tmp\//],
  ];
  for (const [what, env, line] of harmless) {
    it(`(${what}) serves nevertheless [serve:nonsense]`, async () => {
      await using sandbox = new Sandbox();
      const logger = new LogCollector();
      await using server = await startPluginServer(serveEcho(sandbox, env, logger));
      assert.match(server.handshakeLine, line);
      await using host = connectHost(server);
      assert.equal(await host.unary(echoMethod, "hello"), "hello");
      assert.ok(JSON.stringify(logger.events).length < 2_000, "no more than a line about it");
    });
  }

  const key = issueCertificate("localhost").key;
  const fatal: readonly (readonly [what: string, env: Variables, code: PluginErrorCode, message: RegExp])[] = [
    ["no cookie", { [ECHO_HANDSHAKE.key]: "" }, "ERR_COOKIE_MISMATCH", /This binary is a plugin/],
    ["a long cookie", { [ECHO_HANDSHAKE.key]: long }, "ERR_COOKIE_MISMATCH", /This binary is a plugin/],
    ["text for a certificate", { PLUGIN_CLIENT_CERT: long }, "ERR_TLS_IDENTITY", /client cert provided but failed/],
    ["a key for a certificate", { PLUGIN_CLIENT_CERT: key }, "ERR_TLS_IDENTITY", /client cert provided but failed/],
    ["a folder that is not there", { PLUGIN_UNIX_SOCKET_DIR: "/no/such" }, "ERR_LISTEN_FAILED", /\/no\/such\/plugin/],
    ["a file for a folder", { PLUGIN_UNIX_SOCKET_DIR: "/dev/null" }, "ERR_LISTEN_FAILED", /\/dev\/null\/plugin/],
    ["a group that is none", { PLUGIN_UNIX_SOCKET_GROUP: "no:such\ngroup" }, "ERR_LISTEN_FAILED", /failed to find gid/],
  ];
  for (const [what, env, code, message] of fatal) {
    it(`(${what}) does not start, and leaves nothing [serve:nonsense serve:start-failure]`, async () => {
      await using sandbox = new Sandbox();
      await assert.rejects(startPluginServer(serveEcho(sandbox, env)), (error) => {
        assert.ok(error instanceof Error && "code" in error);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(error.message.length < 2_000 && !error.message.includes("PRIVATE KEY"));
        return true;
      });
    });
  }

  it("says why in one line on stderr, and nothing on stdout [serve:nonsense serve:start-failure]", async () => {
    await using sandbox = new Sandbox();
    const fixture = join(import.meta.dirname, "fixtures/echo-plugin.ts");
    const child = spawn(process.execPath, ["--conditions=source", fixture], {
      env: {
        TMPDIR: sandbox.temporary,
        [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value,
        PLUGIN_PROTOCOL_VERSIONS: "1",
        PLUGIN_CLIENT_CERT: "garbage",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    sandbox.watch(child.pid);
    const [stdout, stderr, [code]] = await Promise.all([
      buffer(child.stdout),
      buffer(child.stderr),
      once(child, "exit") as Promise<[number]>,
    ]);
    assert.equal(code, 1);
    assert.equal(stdout.length, 0);
    const last = stderr.toString().trimEnd().split("\n").at(-1) ?? "";
    const entry = JSON.parse(last) as Record<string, string>;
    assert.equal(entry["@level"], "error");
    assert.match(entry["error"] ?? "", /client cert provided but failed to parse/);
  });
});
