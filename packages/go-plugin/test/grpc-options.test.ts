import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { definePluginKind, PluginError } from "@fairlead/go-plugin";
import { launch, reattach } from "@fairlead/go-plugin/host";
import type { HostGrpcOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { provide, startPluginServer, startReattachableServer } from "@fairlead/go-plugin/serve";
import type { PluginGrpcOptions, ReattachableServer } from "@fairlead/go-plugin/serve";
import { defineMethod, GrpcError, Metadata } from "@fairlead/grpc";
import type { ClientInterceptor, ServerInterceptor } from "@fairlead/grpc";
import { ECHO_HANDSHAKE, echoKind, echoMethod } from "./support/echo-kind.ts";
import { echoOptions, launchEcho } from "./support/launch-echo.ts";
import { Sandbox } from "./support/sandbox.ts";

const { request: text } = echoMethod;
const askMethod = defineMethod("unary", "/test.Asker/Ask", text, text);

/** A plugin that answers with what the host says to it over a brokered connection. */
const askerKind = definePluginKind<object, { ask(question: string): Promise<string> }>({
  name: "asker",
  register(registrar, _impl, { broker }) {
    registrar.handleUnary(askMethod, async (request) => {
      const [id = "", question = ""] = request.split(":");
      await using host = await broker.dial(Number(id));
      return await host.unary(echoMethod, question);
    });
  },
  connect: (connection, { broker }) => ({
    async ask(question) {
      const id = broker.nextId();
      await using _server = await broker.accept(id, (registrar) =>
        registrar.handleUnary(echoMethod, (request) => request.toUpperCase()),
      );
      return await connection.unary(askMethod, `${id}:${question}`);
    },
  }),
});

const kinds = { echo: echoKind, asker: askerKind };

interface Pair extends AsyncDisposable {
  readonly plugin: PluginProcess<typeof kinds>;
  readonly server: ReattachableServer;
}

async function connect(
  sandbox: Sandbox,
  options: { readonly host?: HostGrpcOptions; readonly plugin?: PluginGrpcOptions },
): Promise<Pair> {
  const server = await startReattachableServer({
    versions: { 1: [provide(echoKind, { echo: (request) => request }), provide(askerKind, {})] },
    env: { TMPDIR: sandbox.temporary },
    ...(options.plugin && { grpc: options.plugin }),
  });
  const plugin = await reattach(server.reattachInfo, {
    versions: { 1: kinds },
    ...(options.host && { grpc: options.host }),
  });
  return {
    plugin,
    server,
    async [Symbol.asyncDispose]() {
      await plugin.stop();
      await server.close();
    },
  };
}

function recordClient(seen: string[], name: string): ClientInterceptor {
  return (call, next) => {
    seen.push(`${name} ${call.method.path}`);
    return next(call);
  };
}

function recordServer(seen: string[], name: string): ServerInterceptor {
  return (call, next) => {
    seen.push(`${name} ${call.path}`);
    return next(call);
  };
}

describe("the option grpc", { timeout: 60_000 }, () => {
  it("puts interceptors before the kinds' calls on both sides, and not before the protocol's own [call:interceptors]", async () => {
    await using sandbox = new Sandbox();
    const seen: string[] = [];
    await using pair = await connect(sandbox, {
      host: { interceptors: [recordClient(seen, "host")] },
      plugin: { interceptors: [recordServer(seen, "plugin")] },
    });
    assert.equal(await pair.plugin.dispense("echo").echo("hello"), "hello");
    await pair.plugin.ping();
    assert.deepEqual(seen, ["host /test.Echo/Echo", "plugin /test.Echo/Echo"]);
  });

  it("puts them before the calls of brokered connections too, in both directions [call:interceptors]", async () => {
    await using sandbox = new Sandbox();
    const seen: string[] = [];
    await using pair = await connect(sandbox, {
      host: { serverInterceptors: [recordServer(seen, "host serves")] },
      plugin: { clientInterceptors: [recordClient(seen, "plugin calls")] },
    });
    assert.equal(await pair.plugin.dispense("asker").ask("why"), "WHY");
    assert.deepEqual(seen, ["plugin calls /test.Echo/Echo", "host serves /test.Echo/Echo"]);
  });

  it("lets interceptors speak to each other in metadata [call:interceptors]", async () => {
    await using sandbox = new Sandbox();
    let id: string | undefined;
    await using pair = await connect(sandbox, {
      host: {
        interceptors: [
          (call, next) => {
            const metadata = new Metadata(call.options.metadata).set("event-id", "7");
            return next({ ...call, options: { ...call.options, metadata } });
          },
        ],
      },
      plugin: {
        interceptors: [
          (call, next) => {
            id = call.metadata.get("event-id");
            return next(call);
          },
        ],
      },
    });
    await pair.plugin.dispense("echo").echo("x");
    assert.equal(id, "7");
  });

  it("bounds messages by 128 MiB unless told otherwise, and says whose limit it was [call:size]", async () => {
    await using sandbox = new Sandbox();
    await using usual = await connect(sandbox, {});
    const large = "x".repeat(70 * 1_024 * 1_024);
    assert.equal((await usual.plugin.dispense("echo").echo(large)).length, large.length);
    await using small = await connect(sandbox, { plugin: { maxReceiveBytes: 1_000 } });
    await assert.rejects(small.plugin.dispense("echo").echo("x".repeat(1_001)), (error) => {
      assert.ok(GrpcError.is(error, "RESOURCE_EXHAUSTED"));
      assert.match(
        error.message,
        /larger than max \(1001 vs\. 1000\): the plugin takes no larger messages than 1000 bytes/,
      );
      return true;
    });
    await using careful = await connect(sandbox, { host: { maxReceiveBytes: 1_000, maxSendBytes: 2_000 } });
    const echo = careful.plugin.dispense("echo");
    await assert.rejects(echo.echo("x".repeat(1_001)), { code: "RESOURCE_EXHAUSTED" });
    await assert.rejects(echo.echo("x".repeat(2_001)), /trying to send message larger than max \(2001 vs\. 2000\)/);
    assert.equal(await echo.echo("still here"), "still here");
  });

  it("says of a method the plugin lacks that it is of another kind [dispense:client]", async () => {
    await using sandbox = new Sandbox();
    await using echo = await launchEcho(sandbox);
    await using stranger = await reattach(echo.reattachInfo, { versions: { 1: { asker: askerKind } } });
    await assert.rejects(stranger.dispense("asker").ask("who?"), {
      code: "UNIMPLEMENTED",
      message: /^unknown service test\.Asker: the plugin does not serve it: it is of another kind, /,
    });
  });

  it("works with a launched plugin [call:interceptors]", async () => {
    await using sandbox = new Sandbox();
    const seen: string[] = [];
    const grpc = { interceptors: [recordClient(seen, "host")] };
    await using plugin = await launchEcho(sandbox, { grpc, tls: "auto" });
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    assert.deepEqual(seen, ["host /test.Echo/Echo"]);
  });

  it("is refused when it makes no sense [launch:options]", async () => {
    await using sandbox = new Sandbox();
    for (const grpc of [
      "fast",
      { maxReceiveBytes: 0 },
      { maxSendBytes: Number.NaN },
      { interceptors: "log" },
      { serverInterceptors: [1] },
    ] as unknown[]) {
      const starts = [
        launch(echoOptions("/nowhere", { grpc: grpc as HostGrpcOptions })),
        startPluginServer({
          handshake: ECHO_HANDSHAKE,
          versions: { 1: [provide(echoKind, { echo: (request) => request })] },
          env: { TMPDIR: sandbox.temporary, [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value },
          stdout: new PassThrough(),
          grpc: grpc as PluginGrpcOptions,
        }),
      ];
      for (const start of starts) {
        await assert.rejects(
          start,
          (error) => PluginError.is(error, "ERR_INVALID_OPTION") && /grpc/.test(error.message),
        );
      }
    }
  });
});
