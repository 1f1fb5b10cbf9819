import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import type { LogLine } from "./kv-host.ts";
import { describePairs } from "./pairs.ts";

const isCut = ({ message }: LogLine): boolean => message === "sleep was cut short";

describePairs("calls", ({ open }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`what is put is got back, tls ${tls} [dispense:client call:fields mtls:host mtls:plugin]`, async () => {
      await using host = await open({ tls });
      await host.kv.put("clé", "value\n\0ü");
      assert.equal(await host.kv.get("clé"), "value\n\0ü");
    });

    test(`all kinds of streams pass, tls ${tls} [call:streams]`, async () => {
      await using host = await open({ tls });
      const numbers = Array.from({ length: 1000 }, (_, index) => index + 1);
      assert.deepEqual(await host.kv.count(1000), numbers);
      assert.equal(await host.kv.sum(numbers), 500_500);
      assert.deepEqual(await host.kv.totals([1, 2, 3, 40]), [1, 3, 6, 46]);
    });
  }

  test("streams without messages pass [call:streams]", async () => {
    await using host = await open({ tls: "auto" });
    assert.deepEqual(await host.kv.count(0), []);
    assert.equal(await host.kv.sum([]), 0);
    assert.deepEqual(await host.kv.totals([]), []);
  });

  test("an error has its code and its text [call:error]", async () => {
    await using host = await open({ tls: "auto" });
    await assert.rejects(host.kv.get("nothing: 100% of é"), (error) => {
      assert.ok(GrpcError.is(error, "NOT_FOUND"), String(error));
      assert.equal(error.message, 'no entry "nothing: 100% of é"');
      return true;
    });
  });

  test("a stream much longer than any window arrives complete [call:streams]", async () => {
    await using host = await open({ tls: "auto" });
    const numbers = await host.kv.count(50_000);
    assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [50_000, 1, 50_000]);
    assert.equal(await host.kv.sum(numbers), 1_250_025_000);
  });

  test("a call that takes too long is given up on both sides, the next one is answered [call:deadline]", async () => {
    await using host = await open({ tls: "auto" });
    await assert.rejects(host.kv.sleep(60_000, { timeoutMs: 50 }), (error) => GrpcError.is(error, "DEADLINE_EXCEEDED"));
    await waitFor("the plugin to notice", () => host.log().some(isCut));
    await host.kv.sleep(1, { timeoutMs: 20_000 });
  });

  test("a long call holds up neither others nor the end [call:concurrent call:gone]", async () => {
    await using host = await open({ tls: "auto" });
    const cut = assert.rejects(host.kv.sleep(60_000));
    await host.kv.put("a", "b");
    assert.equal(await host.kv.get("a"), "b");
    await host.stop();
    await cut;
  });

  test("a healthy plugin answers ping [health:ping]", async () => {
    await using host = await open({ tls: "auto" });
    await host.ping();
  });
});
