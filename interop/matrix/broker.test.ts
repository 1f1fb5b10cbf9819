import assert from "node:assert/strict";
import { test } from "node:test";
import { describePairs } from "./pairs.ts";

describePairs("the broker", ({ open }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`the plugin calls the host back, tls ${tls} [broker:accept broker:dial broker:mtls]`, async () => {
      await using host = await open({ tls });
      assert.equal(await host.kv.add("visits", 2), 2);
      assert.equal(await host.kv.add("visits", 40), 42);
    });

    test(`the host calls what the plugin accepts, tls ${tls} [broker:accept broker:dial broker:mtls]`, async () => {
      await using host = await open({ tls });
      await host.kv.put("a", "b");
      assert.equal(await host.kv.brokeredGet("a"), "b");
      assert.equal(await host.kv.brokeredGet("a"), "b");
    });
  }

  test("many connections in both directions at once find their ends [broker:ids]", async () => {
    await using host = await open({ tls: "auto" });
    await host.kv.put("a", "b");
    const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
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

  test("a dial may come before the accept, in both directions [broker:late]", async () => {
    await using host = await open({ tls: "auto" });
    assert.equal(await host.kv.add("visits", 2, { dialFirst: true }), 2);
    await host.kv.put("a", "b");
    assert.equal(await host.kv.brokeredGet("a", { dialFirst: true }), "b");
  });

  test("an id that nobody accepts is given up after a while, the rest goes on [broker:timeout]", async () => {
    await using host = await open({ tls: "auto" });
    await assert.rejects(host.kv.dialNobody(4_000_000_000), /timeout waiting for connection info/);
    assert.equal(await host.kv.add("visits", 1), 1);
  });
});
