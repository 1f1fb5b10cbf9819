import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { describePairs } from "./pairs.ts";

const MIB = 1_048_576;
/** Beside the data, the message has its tags and lengths. */
const OVERHEAD = 16;

describePairs("message sizes", ({ open, host: kind, plugin }) => {
  for (const tls of ["none", "auto"] as const) {
    for (const sizeBytes of [0, 4 * MIB - OVERHEAD, 4 * MIB, 64 * MIB]) {
      test(`${sizeBytes} bytes pass both ways, tls ${tls} [call:size]`, async () => {
        // Go's plugins take 4 MiB unless their author raises it.
        const flags = plugin === "Go" && sizeBytes >= 4 * MIB ? ["--max-receive", `${128 * MIB}`] : [];
        await using host = await open({ tls, flags });
        const echo = await host.kv.echo(sizeBytes, sizeBytes);
        assert.deepEqual(echo, { receivedBytes: sizeBytes, replyBytes: sizeBytes, intact: true });
      });
    }
  }

  test("what is larger than the plugin's limit is refused, the next call is answered [call:size]", async () => {
    await using host = await open({ tls: "auto", flags: ["--max-receive", String(MIB)] });
    await assert.rejects(host.kv.echo(MIB, 0), (error) => {
      assert.ok(GrpcError.is(error, "RESOURCE_EXHAUSTED"), String(error));
      assert.match(error.message, /received message larger than max \(\d+ vs\. 1048576\)/);
      return true;
    });
    assert.deepEqual(await host.kv.echo(5, 16 * MIB), { receivedBytes: 5, replyBytes: 16 * MIB, intact: true });
  });

  if (plugin === "Go") {
    test("Go's plugins take 4 MiB, and what refuses more says how to raise it [call:size]", async () => {
      await using host = await open({ tls: "auto" });
      await assert.rejects(host.kv.echo(4 * MIB, 0), (error) => {
        assert.ok(GrpcError.is(error, "RESOURCE_EXHAUSTED"), String(error));
        assert.match(error.message, /received message larger than max \(\d+ vs\. 4194304\)/);
        if (kind === "ours") assert.match(error.message, /grpc-go's default limit.*MaxRecvMsgSize/);
        return true;
      });
      assert.equal((await host.kv.echo(5, 64 * MIB)).replyBytes, 64 * MIB);
    });
  }
});
