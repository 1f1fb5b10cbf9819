import assert from "node:assert/strict";
import { test } from "node:test";
import { describePairs } from "./pairs.ts";

const choices = [
  { host: [1], plugin: "1", chosen: 1, value: "b" },
  { host: [1, 2], plugin: "1", chosen: 1, value: "b" },
  { host: [2], plugin: "1,2,3", chosen: 2, value: "b (version 2)" },
  { host: [1, 2, 3], plugin: "2,3", chosen: 3, value: "b (version 3)" },
  { host: [3, 10], plugin: "10,9,3", chosen: 10, value: "b (version 10)" },
];

describePairs("versions", ({ open }) => {
  for (const { host: versions, plugin, chosen, value } of choices) {
    test(`${versions.join(" or ")} and ${plugin} agree on ${chosen} [version:choice env:versions]`, async () => {
      await using host = await open({ versions, flags: ["--versions", plugin] });
      assert.equal(host.version, chosen);
      await host.kv.put("a", "b");
      assert.equal(await host.kv.get("a"), value);
    });
  }

  test("none in common fails the start, with both sides' versions [version:mismatch]", async () => {
    // The plugin offers its lowest, and the host refuses it.
    const opening = open({ versions: [4], flags: ["--versions", "3,2"] });
    await assert.rejects(opening, /incompatible API version with plugin\. Plugin version: 2, Client versions: \[4\]/);
  });
});
