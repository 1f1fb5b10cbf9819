import assert from "node:assert/strict";
import { test } from "node:test";
import { journalProblem, toJournalError } from "./journal-problem.ts";

const SQLITE_ERROR = 1;

for (const [message, problem] of [
  ["no such table: event", "damaged"],
  ["table event has 4 columns but 5 values were supplied", "damaged"],
  ["cannot start a transaction within a transaction", "failing"],
  ["cannot commit - no transaction is active", "failing"],
] as const) {
  test(`a file is ${problem}, not set aside for less: ${message}`, () => {
    const error = Object.assign(new RangeError(message), { errcode: SQLITE_ERROR });
    assert.equal(journalProblem(toJournalError("/j.db", error)), problem);
  });
}
