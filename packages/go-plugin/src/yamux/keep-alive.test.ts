import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { KeepAlive } from "./keep-alive.ts";

function start(t: TestContext): { keepAlive: KeepAlive; events: string[]; tick: (ms: number) => Promise<void> } {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const events: string[] = [];
  const keepAlive = new KeepAlive({
    intervalMs: 30_000,
    timeoutMs: 10_000,
    sendPing: () => events.push("ping"),
    onDead: () => events.push("dead"),
  });
  const tick = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await new Promise(setImmediate);
  };
  return { keepAlive, events, tick };
}

describe("KeepAlive", () => {
  it("asks after each interval while the peer answers", async (t) => {
    const { keepAlive, events, tick } = start(t);
    for (let round = 0; round < 3; round++) {
      await tick(30_000);
      keepAlive.onReceived();
      await tick(10_000);
    }
    assert.deepEqual(events, ["ping", "ping", "ping"]);
    keepAlive.stop();
  });

  it("gives a peer up that sends nothing after the question", async (t) => {
    const { events, tick } = start(t);
    await tick(30_000);
    await tick(9_999);
    assert.deepEqual(events, ["ping"]);
    await tick(1);
    assert.deepEqual(events, ["ping", "dead"]);
    await tick(100_000);
    assert.deepEqual(events, ["ping", "dead"]);
  });

  it("hears an answer that waits behind the timer", async (t) => {
    const { keepAlive, events, tick } = start(t);
    await tick(30_000);
    const late = tick(10_000);
    keepAlive.onReceived();
    await late;
    assert.deepEqual(events, ["ping"]);
    keepAlive.stop();
  });

  it("says nothing after stop(), not even in the last moment", async (t) => {
    const { keepAlive, events, tick } = start(t);
    await tick(30_000);
    const last = tick(10_000);
    keepAlive.stop();
    await last;
    await tick(100_000);
    assert.deepEqual(events, ["ping"]);
  });
});
