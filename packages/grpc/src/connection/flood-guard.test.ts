import assert from "node:assert/strict";
import { test } from "node:test";

import { Http2Error } from "../frames/http2-error.ts";
import { FloodBudget } from "./flood-guard.ts";

function budgetOf(capacity: number, refillPerSecond: number): { budget: FloodBudget; advance: (ms: number) => void } {
  let nowMs = 0;
  const budget = new FloodBudget({ what: "tests", capacity, refillPerSecond, now: () => nowMs });
  return { budget, advance: (ms) => (nowMs += ms) };
}

function spendAll(budget: FloodBudget): number {
  for (let spent = 0; ; spent++) {
    try {
      budget.spend();
    } catch (error) {
      assert.ok(error instanceof Http2Error);
      assert.equal(error.code, "ENHANCE_YOUR_CALM");
      return spent;
    }
  }
}

test("is spent after its capacity", () => {
  assert.equal(spendAll(budgetOf(10, 1).budget), 10);
});

test("comes back with time, up to its capacity", () => {
  const { budget, advance } = budgetOf(10, 2);
  spendAll(budget);
  advance(3000);
  assert.equal(spendAll(budget), 6);
  advance(1_000_000);
  assert.equal(spendAll(budget), 10);
});

test("comes back with honest work", () => {
  const { budget } = budgetOf(10, 1);
  for (let i = 0; i < 1000; i++) {
    budget.spend();
    budget.earn(1);
  }
  assert.equal(spendAll(budget), 10);
});
