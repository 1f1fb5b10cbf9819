import assert from "node:assert/strict";
import { test } from "node:test";
import { isAlive } from "../../e2e/harness/processes.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { describePairs } from "./pairs.ts";

describePairs("reattach", ({ open, attach, startAlone }) => {
  test("a plugin in test mode serves one host after the other and outlives them [reattach:host reattach:test-mode]", async () => {
    await using plugin = await startAlone();
    {
      await using first = await attach(plugin.reattach);
      await first.kv.put("a", "b");
      await first.ping();
    }
    await using second = await attach(plugin.reattach);
    assert.equal(await second.kv.get("a"), "b");
    await second.stop();
    assert.equal(await plugin.stop(), 0);
  });

  test("the version of a plugin in test mode counts [reattach:host reattach:test-mode]", async () => {
    await using plugin = await startAlone(["--versions", "2"]);
    await using host = await attach(plugin.reattach, { versions: [2] });
    await host.kv.put("a", "b");
    assert.equal(await host.kv.get("a"), "b (version 2)");
    assert.equal(host.version, 2);
  });

  test("a second host attaches to a running plugin and ends it [reattach:host reattach:format]", async () => {
    await using first = await open();
    await first.kv.put("a", "b");
    await using second = await attach(first.reattach);
    assert.equal(await second.kv.get("a"), "b");
    await second.stop();
    await waitFor("the plugin's end", () => !isAlive(first.pid));
    await assert.rejects(first.kv.get("a"));
  });

  test("a plugin that is gone is not found [reattach:host]", async () => {
    const host = await open();
    await host.stop();
    await assert.rejects(attach(host.reattach), /reattachment process not found/i);
  });
});
