import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { describePairs } from "./pairs.ts";

const MIB = 1_048_576;
/** Beside the data, the message has its tags and lengths. */
const OVERHEAD = 16;

describePairs("message sizes", ({ open, plugin }) => {
  for (const tls of ["none", "auto"] as const) {
    for (const sizeBytes of [0, 1, 4 * MIB - OVERHEAD, 64 * MIB]) {
      test(`${sizeBytes} bytes pass both ways, tls ${tls} [call:size]`, async () => {
        // Go's plugins take 4 MiB unless their author raises it.
        const flags = plugin === "Go" && sizeBytes >= 4 * MIB ? ["--max-receive", `${128 * MIB}`] : [];
        await using host = await open({ tls, flags });
        const echo = await host.kv.echo(sizeBytes, sizeBytes);
        assert.deepEqual(echo, { receivedBytes: sizeBytes, replyBytes: sizeBytes, intact: true });
      });
    }
  }

  if (plugin === "Go") {
    test("a Go plugin refuses more than 4 MiB, and answers the next call [call:size]", async () => {
      await using host = await open({ tls: "auto" });
      await assert.rejects(host.kv.echo(4 * MIB, 0), (error) => {
        assert.ok(GrpcError.is(error, "RESOURCE_EXHAUSTED"), String(error));
        assert.match(error.message, /received message larger than max \(\d+ vs\. 4194304\)/);
        return true;
      });
      assert.equal((await host.kv.echo(5, 64 * MIB)).replyBytes, 64 * MIB);
    });
  }
});
