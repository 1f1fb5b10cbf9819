import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrameBudget } from "./frame-budget.ts";
import { YamuxError } from "./yamux-error.ts";

function spendAll(budget: FrameBudget): number {
  for (let spent = 0; ; spent++) {
    try {
      budget.spend();
    } catch (error) {
      assert.ok(error instanceof YamuxError && error.code === "flood");
      return spent;
    }
  }
}

describe("FrameBudget", () => {
  it("is spent after its capacity and comes back with time, up to it", () => {
    const clock = { ms: 0 };
    const budget = new FrameBudget({ what: "tests", capacity: 10, refillPerSecond: 2, now: () => clock.ms });
    assert.equal(spendAll(budget), 10);
    clock.ms = 3_000;
    assert.equal(spendAll(budget), 6);
    clock.ms = 1e9;
    assert.equal(spendAll(budget), 10);
  });

  it("comes back with content, up to its capacity", () => {
    const budget = new FrameBudget({ what: "tests", capacity: 10, refillPerSecond: 1, now: () => 0 });
    for (let i = 0; i < 1_000; i++) {
      budget.spend();
      budget.earn(3);
    }
    assert.equal(spendAll(budget), 10);
  });
});
