import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { definePluginKind } from "@fairlead/go-plugin";
import type { Broker } from "@fairlead/go-plugin";
import { connectGrpc, GrpcError } from "@fairlead/grpc";
import { provide, startPluginServer } from "@fairlead/go-plugin/serve";
import type { PluginServer, PluginServerOptions } from "@fairlead/go-plugin/serve";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import { HostInfoStream } from "../src/broker/host-info-stream.ts";
import { createMemoryBrokers } from "../src/broker/memory-broker.ts";
import { startStreamMethod, streamStdioMethod } from "../src/protocol/services.ts";
import { createIdentity } from "../src/tls/certificate.ts";
import { ECHO_HANDSHAKE, echoKind, echoMethod } from "./support/echo-kind.ts";
import type { EchoClient } from "./support/echo-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

const impl = { echo: (text: string) => text };

async function startEcho(
  sandbox: Sandbox,
  env: Readonly<Record<string, string>> = {},
  options: Partial<PluginServerOptions> = {},
): Promise<PluginServer> {
  return await startPluginServer({
    handshake: ECHO_HANDSHAKE,
    versions: { 1: [provide(echoKind, impl)] },
    env: { TMPDIR: sandbox.temporary, [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value, ...env },
    stdout: new PassThrough(),
    ...options,
  });
}

function socketOf(server: PluginServer): string {
  return server.handshakeLine.split("|")[3] ?? "";
}

describe("startPluginServer", { timeout: 30_000 }, () => {
  it("writes one line and answers calls of any authority [serve:line serve:authority]", async () => {
    await using sandbox = new Sandbox();
    const stdout = new PassThrough();
    await using server = await startEcho(sandbox, {}, { stdout });
    assert.equal(String(stdout.read()), `${server.handshakeLine}\n`);
    assert.match(server.handshakeLine, /^1\|1\|unix\|\/.*\|grpc\|$/);
    await using connection = connectGrpc(connectSocket(socketOf(server)), { authority: "unused" });
    const client = echoKind.connect(connection, {
      logger: { log() {}, child: () => assert.fail() },
      signal: new AbortController().signal,
      broker: createMemoryBrokers().host,
    });
    assert.equal(await client.echo("hi"), "hi");
  });

  it("answers a wish to multiplex, and only then [serve:line mux:plugin]", async () => {
    await using sandbox = new Sandbox();
    for (const [wish, answer] of Object.entries({
      true: "|true",
      1: "|true",
      T: "|true",
      false: "|false",
      yes: "|false",
    })) {
      await using server = await startEcho(sandbox, { PLUGIN_MULTIPLEX_GRPC: wish });
      assert.ok(server.handshakeLine.endsWith(`|grpc|${answer}`), server.handshakeLine);
    }
  });

  it("refuses to run without the cookie [serve:cookie]", async () => {
    await using sandbox = new Sandbox();
    await assert.rejects(startEcho(sandbox, { [ECHO_HANDSHAKE.key]: "other" }), {
      code: "ERR_COOKIE_MISMATCH",
      message:
        "This binary is a plugin. These are not meant to be executed directly.\nPlease execute the program that consumes these plugins, which will\nload any plugins automatically",
    });
  });

  it("refuses to run when its author gave no cookie [serve:cookie]", async () => {
    await using sandbox = new Sandbox();
    await assert.rejects(startEcho(sandbox, {}, { handshake: { key: "", value: "" } }), {
      code: "ERR_COOKIE_MISMATCH",
      message: /Misconfigured ServeConfig given to serve this plugin: no magic cookie/,
    });
  });

  it("refuses a host certificate it cannot read [mtls:plugin]", async () => {
    await using sandbox = new Sandbox();
    await assert.rejects(startEcho(sandbox, { PLUGIN_CLIENT_CERT: "garbage" }), {
      code: "ERR_TLS_IDENTITY",
      message: /client cert provided but failed to parse/,
    });
  });

  it("keeps the broker's and the stdio stream open and silent until it closes [serve:services]", async () => {
    await using sandbox = new Sandbox();
    // Closing must end them: the grace is longer than this test may take.
    const server = await startEcho(sandbox, {}, { shutdownGraceMs: 120_000 });
    await using connection = connectGrpc(connectSocket(socketOf(server)));
    const broker = connection.bidi(startStreamMethod)[Symbol.asyncIterator]().next();
    const stdio = connection.serverStream(streamStdioMethod, undefined)[Symbol.asyncIterator]().next();
    await connection
      .unary({ ...streamStdioMethod, kind: "unary", path: "/plugin.GRPCController/Nothing" }, undefined)
      .catch((error: unknown) => assert.ok(GrpcError.is(error, "UNIMPLEMENTED")));
    await server.close();
    for (const next of [broker, stdio]) {
      assert.ok(
        await next.then(
          ({ done }) => done,
          (error: unknown) => GrpcError.is(error, "UNAVAILABLE"),
        ),
      );
    }
  });

  it("closes with its signal and removes its socket [serve:embedded serve:listen]", async () => {
    await using sandbox = new Sandbox();
    const controller = new AbortController();
    const server = await startEcho(sandbox, {}, { signal: controller.signal });
    assert.ok(existsSync(socketOf(server)));
    controller.abort();
    await server.closed;
    assert.equal(existsSync(socketOf(server)), false);
  });

  it("tells its kinds that it ends before its open calls do [serve:shutdown]", async () => {
    await using sandbox = new Sandbox();
    const called = Promise.withResolvers<void>();
    const kind = definePluginKind<object, EchoClient>({
      ...echoKind,
      register(registrar, _impl, { signal }) {
        registrar.handleUnary(echoMethod, async () => {
          called.resolve();
          await once(signal, "abort");
          return "ending";
        });
      },
    });
    await using server = await startEcho(sandbox, {}, { versions: { 1: [provide(kind, {})] } });
    await using connection = connectGrpc(connectSocket(socketOf(server)));
    const answer = connection.unary(echoMethod, "");
    await called.promise;
    const closed = server.close();
    assert.equal(await answer, "ending");
    await closed;
  });

  it("ends what it brokers when it closes [broker:close broker:files]", async () => {
    await using sandbox = new Sandbox();
    const broker = Promise.withResolvers<Broker>();
    const kind = definePluginKind<object, void>({
      name: "brokering",
      register: (_registrar, _impl, context) => broker.resolve(context.broker),
      connect() {},
    });
    const server = await startEcho(sandbox, {}, { versions: { 1: [provide(kind, {})] } });
    await using connection = connectGrpc(connectSocket(socketOf(server)));
    const infos = new HostInfoStream(connection);
    const told = Promise.withResolvers<string>();
    infos.start({ onInfo: ({ address }) => told.resolve(address), onUnavailable() {}, onTakeover() {} });
    const { accept, dial } = await broker.promise.then((made) => ({
      accept: made.accept(1, () => {}),
      dial: assert.rejects(made.dial(2), { code: "ERR_BROKER_CLOSED" }),
    }));
    const client = connectGrpc(connectSocket(await told.promise));
    await accept;
    assert.ok(existsSync(await told.promise));
    await server.close();
    await Promise.all([dial, client.closed]);
    assert.equal(existsSync(await told.promise), false);
  });

  it("leaves nothing when its line cannot be written [serve:start-failure]", async () => {
    await using sandbox = new Sandbox();
    const stdout = new PassThrough();
    stdout.on("error", () => {});
    stdout.destroy(new Error("closed"));
    await assert.rejects(startEcho(sandbox, {}, { stdout }));
  });
});

async function connectAs(
  server: PluginServer,
  identity: { readonly cert?: string; readonly key?: string },
): Promise<"served" | "refused"> {
  const certificate = Buffer.from(server.handshakeLine.split("|")[5] ?? "", "base64");
  const ca = `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
  const socket = connectTls({
    path: socketOf(server),
    ca,
    servername: "localhost",
    ALPNProtocols: ["h2"],
    ...identity,
  });
  socket.on("error", () => {});
  try {
    await once(socket, "secureConnect");
    const connection = connectGrpc(socket);
    await connection
      .unary({ ...streamStdioMethod, kind: "unary", path: "/x.Y/Z" }, undefined)
      .catch((error: unknown) => {
        if (!GrpcError.is(error, "UNIMPLEMENTED")) throw error;
      });
    return "served";
  } catch {
    // Refused in the handshake or right after it: TLS 1.3 reports a client's certificate late.
    return "refused";
  } finally {
    socket.destroy();
  }
}

describe("a plugin with AutoMTLS", { timeout: 30_000 }, () => {
  const host = createIdentity();

  it("serves the host that was announced [mtls:plugin]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startEcho(sandbox, { PLUGIN_CLIENT_CERT: host.certificatePem });
    assert.equal(await connectAs(server, { cert: host.certificatePem, key: host.privateKeyPem }), "served");
  });

  it("refuses everybody else [mtls:plugin]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startEcho(sandbox, { PLUGIN_CLIENT_CERT: host.certificatePem });
    const other = createIdentity();
    assert.equal(await connectAs(server, { cert: other.certificatePem, key: other.privateKeyPem }), "refused");
    assert.equal(await connectAs(server, {}), "refused");
  });

  it("writes its certificate without padding [serve:line]", async () => {
    await using sandbox = new Sandbox();
    for (let start = 0; start < 4; start++) {
      await using server = await startEcho(sandbox, { PLUGIN_CLIENT_CERT: host.certificatePem });
      assert.doesNotMatch(server.handshakeLine, /=/);
    }
  });
});

describe("connectInMemory", { timeout: 30_000 }, () => {
  it("calls the implementation through the same code as a process [testing:in-memory]", async () => {
    await using plugin = await connectInMemory(echoKind, impl);
    assert.equal(await plugin.client.echo("hi"), "hi");
  });

  it("fails calls once it is closed [testing:in-memory]", async () => {
    const plugin = await connectInMemory(echoKind, impl);
    await plugin.close();
    await plugin.close();
    await assert.rejects(plugin.client.echo("hi"), (error) => GrpcError.is(error, "UNAVAILABLE"));
  });
});
