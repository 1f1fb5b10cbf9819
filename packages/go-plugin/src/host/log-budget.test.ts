import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogBudget } from "./log-budget.ts";

function setUp() {
  const clock = { ms: 1_000 };
  const budget = new LogBudget({ burst: 10, perSecond: 4 }, () => clock.ms);
  const takeAll = (cost = 1): number => {
    let taken = 0;
    while (budget.take(cost)) taken++;
    return taken;
  };
  return { clock, budget, takeAll };
}

describe("LogBudget", () => {
  it("gives a burst, then nothing", () => {
    assert.equal(setUp().takeAll(), 10);
  });

  it("gives more with time, never more than a burst", () => {
    const { clock, takeAll } = setUp();
    takeAll();
    clock.ms += 500;
    assert.equal(takeAll(), 2);
    clock.ms += 3_600_000;
    assert.equal(takeAll(), 10);
  });

  it("charges what costs more with more", () => {
    const { budget, takeAll } = setUp();
    assert.equal(takeAll(3), 3);
    assert.equal(budget.take(1), true);
  });
});
