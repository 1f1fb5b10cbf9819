import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { launch, type LaunchOptions, type PluginProcess } from "@fairlead/go-plugin/host";
import { observeClientCalls, type CallOutcome, type ClientInterceptor } from "@fairlead/grpc";
import { buildInterop } from "./build.ts";
import { KV_HANDSHAKE, kvKind } from "./fixtures/kv-kind.ts";
import { openTempFolder, type TempFolder } from "./temp-folder.ts";

type KvKinds = { readonly kv: typeof kvKind };

const built = await buildInterop();

const pack: ClientInterceptor = (call, next) => next({ ...call, options: { ...call.options, compress: "gzip" } });

void suite("our host's use of gRPC with a Go plugin", { skip: built === undefined && "go is not installed" }, () => {
  let folder: TempFolder;
  before(async () => {
    folder = await openTempFolder();
  });
  after(async () => await folder[Symbol.asyncDispose]());

  async function launchKv(options: Partial<LaunchOptions<KvKinds>>): Promise<PluginProcess<KvKinds>> {
    assert.ok(built !== undefined);
    return await launch({
      command: built.kvPlugin,
      env: { TMPDIR: folder.path },
      handshake: KV_HANDSHAKE,
      versions: { 1: { kv: kvKind } },
      ...options,
    });
  }

  for (const multiplex of [false, true]) {
    test(`packed messages pass both ways, brokered ones too, multiplexed: ${multiplex} [call:gzip]`, async () => {
      await using plugin = await launchKv({ tls: "auto", multiplex, grpc: { interceptors: [pack] } });
      const kv = plugin.dispense("kv");
      const long = "all work and no play ".repeat(10_000);
      await kv.put("a", long);
      assert.equal(await kv.get("a"), long);
      assert.equal(await kv.brokeredGet("a"), long);
      assert.deepEqual(
        await kv.count(50),
        Array.from({ length: 50 }, (_, i) => i + 1),
      );
      assert.equal(await kv.sum([1, 2, 3]), 6);
      assert.deepEqual(await kv.totals([1, 2, 3]), [1, 3, 6]);
      const echo = { receivedBytes: 1_000_000, replyBytes: 3_000_000, intact: true };
      assert.deepEqual(await kv.echo(1_000_000, 3_000_000), echo);
    });
  }

  test("interceptors see all kinds of calls to a Go plugin, and how they end [call:interceptors]", async () => {
    const outcomes: CallOutcome[] = [];
    const observe = observeClientCalls((outcome) => outcomes.push(outcome));
    await using plugin = await launchKv({ grpc: { interceptors: [observe] } });
    const kv = plugin.dispense("kv");
    await kv.put("a", "b");
    await assert.rejects(kv.get("nothing"));
    await kv.count(5);
    await kv.sum([1, 2, 3]);
    await kv.totals([1, 2]);
    assert.deepEqual(
      outcomes.map(({ method, code, requests, responses }) => [method.kind, code === "OK", requests, responses]),
      [
        ["unary", true, 1, 1],
        ["unary", false, 1, 0],
        ["server-streaming", true, 1, 5],
        ["client-streaming", true, 3, 1],
        ["bidirectional", true, 2, 2],
      ],
    );
  });
});
