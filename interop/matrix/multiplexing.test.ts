import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { describePairs } from "./pairs.ts";

const MIB = 1_048_576;

describePairs("multiplexing", ({ open, plugin, temporaryFiles }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`calls and streams pass, tls ${tls} [mux:host mux:plugin mux:mtls]`, async () => {
      await using host = await open({ multiplex: true, tls });
      await host.kv.put("a", "b");
      assert.equal(await host.kv.get("a"), "b");
      assert.equal((await host.kv.count(1000)).length, 1000);
      assert.equal(await host.kv.sum([1, 2, 3]), 6);
      assert.deepEqual(await host.kv.totals([1, 2, 3]), [1, 3, 6]);
      await host.ping();
      assert.equal(await host.stop(), 0);
    });

    test(`the plugin calls the host back, tls ${tls} [mux:host mux:plugin mux:mtls mux:knock]`, async () => {
      await using host = await open({ multiplex: true, tls });
      assert.equal(await host.kv.add("visits", 2), 2);
      assert.equal(await host.kv.add("visits", 40), 42);
    });

    test(`the host calls what the plugin accepts, tls ${tls} [mux:host mux:plugin mux:mtls mux:knock]`, async () => {
      await using host = await open({ multiplex: true, tls });
      await host.kv.put("a", "b");
      assert.equal(await host.kv.brokeredGet("a"), "b");
      assert.equal(await host.kv.brokeredGet("a"), "b");
    });

    test(`messages of 64 MiB pass both ways, tls ${tls} [mux:yamux call:size]`, async () => {
      const sizeBytes = 64 * MIB;
      const flags = plugin === "Go" ? ["--max-receive", `${128 * MIB}`] : [];
      await using host = await open({ multiplex: true, tls, flags });
      const echo = await host.kv.echo(sizeBytes, sizeBytes);
      assert.deepEqual(echo, { receivedBytes: sizeBytes, replyBytes: sizeBytes, intact: true });
    });
  }

  test("what the plugin prints arrives [mux:host mux:plugin stdio:sinks]", async () => {
    await using host = await open({ multiplex: true, tls: "auto" });
    await host.kv.print("stdout", "hello\n");
    await waitFor("the print", () => host.stdout() === "hello\n");
  });

  test("a plugin that crashes fails the call it is in [mux:host mux:plugin call:gone]", async () => {
    await using host = await open({ multiplex: true, tls: "auto" });
    await assert.rejects(host.kv.crash(7), (error) => GrpcError.is(error, "UNAVAILABLE"));
    assert.equal(await host.stop(), 7);
  });

  if (plugin === "ours") {
    test("no socket is left behind [mux:plugin broker:files]", async () => {
      const before = await temporaryFiles();
      await using host = await open({ multiplex: true });
      await host.kv.add("visits", 1);
      await host.stop();
      assert.deepEqual(await temporaryFiles(), before);
    });
  }
});
