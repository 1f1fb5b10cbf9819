import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { watchHost } from "./host-watch.ts";

function setUp(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const state = { parent: 10, isConnected: true, isRead: true };
  const ends: string[] = [];
  const end = watchHost(
    {
      parentId: () => state.parent,
      isConnected: () => state.isConnected,
      isRead: () => Promise.resolve(state.isRead),
      intervalMs: 100,
    },
    (reason) => ends.push(reason),
  );
  const look = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      context.mock.timers.tick(100);
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  return { state, ends, end, look };
}

describe("watchHost", () => {
  it("calls back once when the parent changed [serve:orphan]", async (context) => {
    const { state, ends, look } = setUp(context);
    await look(5);
    assert.deepEqual(ends, []);
    state.parent = 1;
    await look(5);
    assert.deepEqual(ends, ["the process that started this one ended"]);
  });

  it("calls back when nobody reads the output of a plugin without connection [serve:orphan]", async (context) => {
    const { state, ends, look } = setUp(context);
    state.isRead = false;
    await look(5);
    assert.deepEqual(ends, []);
    state.isConnected = false;
    await look(1);
    assert.deepEqual(ends, ["nobody reads this process's output"]);
  });

  it("calls back when a lost connection stays away, not when it comes back [serve:orphan]", async (context) => {
    const { state, ends, look } = setUp(context);
    await look(1);
    for (let time = 0; time < 3; time++) {
      state.isConnected = false;
      await look(20);
      state.isConnected = true;
      await look(1);
    }
    assert.deepEqual(ends, []);
    state.isConnected = false;
    await look(40);
    assert.deepEqual(ends, ["the connection was lost and none came after it"]);
  });

  it("waits for ever for a host that never connected [serve:orphan]", async (context) => {
    const { state, ends, look } = setUp(context);
    state.isConnected = false;
    await look(1_000);
    assert.deepEqual(ends, []);
  });

  it("can be ended [serve:orphan]", async (context) => {
    const { state, ends, end, look } = setUp(context);
    end();
    state.parent = 1;
    await look(5);
    assert.deepEqual(ends, []);
  });
});
