import assert from "node:assert/strict";
import { test } from "node:test";

import type { HandleBudget } from "@fairlead/sftp";

import { createHandleLedger, handlesWithin, parseOpenFileLimit } from "./handle-budget.ts";

function takeAll(budget: HandleBudget): number {
  let taken = 0;
  while (budget.take()) {
    taken += 1;
  }
  return taken;
}

test("one connection gets a quarter, one user a half, all together everything", () => {
  const ledger = createHandleLedger(100);
  assert.equal(takeAll(ledger.open("mallory")), 25);
  assert.equal(takeAll(ledger.open("mallory")), 25);
  assert.equal(takeAll(ledger.open("mallory")), 0);
  assert.equal(takeAll(ledger.open("alice")), 25);
  assert.equal(takeAll(ledger.open("bob")), 25);
  assert.equal(takeAll(ledger.open("carol")), 0);
});

test("what is given back is there for the connection, the user and the others", () => {
  const ledger = createHandleLedger(4);
  const [one, other] = [ledger.open("mallory"), ledger.open("mallory")];
  assert.equal(takeAll(one), 1);
  assert.equal(takeAll(other), 1);
  assert.equal(takeAll(ledger.open("alice")), 1);
  one.giveBack();
  assert.equal(takeAll(ledger.open("alice")), 1);
  assert.equal(takeAll(one), 1);
});

test("the smallest budget lets every connection open one file", () => {
  const ledger = createHandleLedger(1);
  const mallory = ledger.open("mallory");
  assert.equal(takeAll(mallory), 1);
  mallory.giveBack();
  assert.equal(takeAll(ledger.open("alice")), 1);
});

for (const [what, text, expected] of [
  [
    "the soft limit",
    "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                files\n",
    1024,
  ],
  ["no limit", "Max open files            unlimited            unlimited            files\n", undefined],
  ["no such line", "Max cpu time   unlimited   unlimited   seconds\n", undefined],
] as const) {
  test(`${what} in the list of limits is ${expected}`, () => {
    assert.equal(parseOpenFileLimit(text), expected);
  });
}

for (const [limit, expected] of [
  [undefined, 65_536],
  [1_048_576, 65_536],
  [20_000, 15_000],
  [1024, 768],
  [256, 64],
  [64, 16],
] as const) {
  test(`of ${limit ?? "unlimited"} open files ${expected} may be handles`, () => {
    assert.equal(handlesWithin(limit), expected);
  });
}
