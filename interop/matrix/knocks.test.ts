import assert from "node:assert/strict";
import { test } from "node:test";
import { describePairs } from "./pairs.ts";

describePairs("knocks", ({ open, temporaryFiles, host: side, plugin }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`many connections in both directions at once find their ends, tls ${tls} [mux:knock mux:yamux]`, async () => {
      await using host = await open({ multiplex: true, tls });
      await host.kv.put("a", "b");
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
      const totals = keys.map(async (key, index) => await host.kv.add(key, index));
      const values = keys.map(async () => await host.kv.brokeredGet("a"));
      assert.deepEqual(
        await Promise.all(totals),
        keys.map((_, index) => index),
      );
      assert.deepEqual(
        await Promise.all(values),
        keys.map(() => "b"),
      );
    });

    // Where Go accepts, it may read the knock before it has a listener: its host then refuses it, its plugin ends.
    if (side === "ours" || plugin === "ours") {
      test(`a dial may come before the accept, tls ${tls} [mux:knock]`, async () => {
        await using host = await open({ multiplex: true, tls });
        await host.kv.put("a", "b");
        if (side === "ours") assert.equal(await host.kv.add("visits", 2, { dialFirst: true }), 2);
        else assert.equal(await host.kv.brokeredGet("a", { dialFirst: true }), "b");
      });
    }
  }

  const lazy = "Go's hosts knock with the first call";
  test(
    "an id that nobody accepts is given up, the rest goes on [mux:knock]",
    { skip: side === "Go" && lazy },
    async () => {
      await using host = await open({ multiplex: true, tls: "auto" });
      await assert.rejects(
        host.kv.dialNobody(4_000_000_000),
        /timeout waiting for multiplexing knock handshake on id 4000000000|no listener for id 4000000000/,
      );
      await host.kv.put("a", "b");
      assert.equal(await host.kv.brokeredGet("a"), "b");
      assert.equal(await host.kv.add("visits", 1), 1);
    },
  );

  const leaves = "Go's plugins leave their socket behind when they multiplex, and its hosts do too";
  test("our host removes what a plugin of Go leaves behind [mux:host]", { skip: side === "Go" && leaves }, async () => {
    const before = await temporaryFiles();
    await using host = await open({ multiplex: true });
    await host.stop();
    assert.deepEqual(await temporaryFiles(), before);
  });
});
