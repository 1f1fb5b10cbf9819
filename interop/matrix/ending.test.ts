import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { isAlive } from "../../e2e/harness/processes.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { describePairs } from "./pairs.ts";

/** Stops the process; each of its threads stops by itself, a moment later. */
async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await waitFor("every thread to stop", async () => {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = threads.map(async (thread) => await readFile(`/proc/${pid}/task/${thread}/stat`, "latin1"));
    return (await Promise.all(stats)).every((stat) => /\) T /.test(stat));
  });
}

describePairs("the end", ({ open, host: kind, plugin, temporaryFiles }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`a plugin told to end leaves with status 0, tls ${tls} [stop:ladder serve:shutdown]`, async () => {
      const before = await temporaryFiles();
      await using host = await open({ tls });
      await host.kv.add("visits", 1);
      assert.equal(await host.stop(), 0);
      assert.equal(isAlive(host.pid), false);
      assert.deepEqual(await temporaryFiles(), before);
      // go-plugin warns of plugins that did not leave by themselves.
      assert.deepEqual(
        host.log().filter(({ level, message }) => level === "error" || message.includes("failed to exit")),
        [],
      );
    });
  }

  test("a plugin that crashes fails the call it is in and later ones [call:gone exit:status]", async () => {
    await using host = await open({ tls: "auto" });
    await assert.rejects(host.kv.crash(7), (error) => GrpcError.is(error, "UNAVAILABLE"));
    await assert.rejects(host.kv.get("a"), (error) => GrpcError.is(error, "UNAVAILABLE"));
    await assert.rejects(host.ping());
    assert.equal(await host.stop(), 7);
  });

  test("a plugin that is killed fails the calls it is in [call:gone exit:status]", async () => {
    await using host = await open({ tls: "auto" });
    const cut = assert.rejects(host.kv.sleep(60_000), (error) => GrpcError.is(error, "UNAVAILABLE"));
    process.kill(host.pid, "SIGKILL");
    await cut;
    await waitFor("the plugin's end", () => !isAlive(host.pid));
    assert.equal(await host.stop(), null);
  });

  // Go's host waits for ever for the answer to Shutdown.
  if (kind === "ours") {
    for (const multiplex of [false, true]) {
      test(`a plugin that hangs is killed, multiplexed ${multiplex} [stop:ladder]`, async () => {
        await using host = await open({ tls: "auto", multiplex, stopGraceMs: 200 });
        await freeze(host.pid);
        assert.equal(await host.stop(), null);
        assert.equal(isAlive(host.pid), false);
      });
    }
  }

  if (kind === "Go" && plugin === "ours") {
    for (const multiplex of [false, true]) {
      test(`a plugin whose host is killed leaves nothing, multiplexed ${multiplex} [serve:orphan]`, async () => {
        const before = await temporaryFiles();
        await using host = await open({ tls: "auto", multiplex });
        await host.kv.add("visits", 1);
        host.killHost?.();
        await waitFor("the plugin's end", () => !isAlive(host.pid));
        assert.deepEqual(await temporaryFiles(), before);
      });
    }
  }
});
