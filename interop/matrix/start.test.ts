import assert from "node:assert/strict";
import { test } from "node:test";
import { describePairs } from "./pairs.ts";

describePairs("the start", ({ open, host }) => {
  test("a plugin that never gets ready is given up [handshake:timeout]", async () => {
    const opening = open({ flags: ["--never-ready"], startTimeoutMs: 1_500 });
    await assert.rejects(opening, /timeout while waiting for plugin to start|did not start within 1500 ms/);
  });

  test("a plugin that ends before its handshake fails the start [handshake:early-exit]", async () => {
    const message = host === "ours" ? /exit status [12].*nonsense/s : /Failed to read any lines from plugin's stdout/;
    await assert.rejects(open({ flags: ["--nonsense"] }), message);
  });
});
