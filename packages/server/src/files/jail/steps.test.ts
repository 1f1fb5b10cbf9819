import assert from "node:assert/strict";
import { test } from "node:test";
import { runSteps, step, type Steps } from "./steps.ts";

function* sum(calls: readonly (() => number | Promise<number>)[]): Steps<number> {
  let total = 0;
  for (const call of calls) total += yield* step(call());
  return total;
}

function* guarded(call: () => number | Promise<number>): Steps<string> {
  try {
    return String(yield* step(call()));
  } catch (error) {
    return `caught ${String(error)}`;
  }
}

function fail(): never {
  throw new TypeError("no");
}

test("direct calls give a direct result", () => {
  assert.equal(runSteps(sum([() => 1, () => 2])), 3);
});

test("one promise makes a promise, of the same result", async () => {
  const result = runSteps(sum([() => 1, () => Promise.resolve(2), () => 3, () => Promise.resolve(4)]));
  assert.ok(result instanceof Promise);
  assert.equal(await result, 10);
});

test("a failure arrives where its call was made, either way", async () => {
  assert.equal(runSteps(guarded(fail)), "caught TypeError: no");
  assert.equal(await runSteps(guarded(() => Promise.reject(new TypeError("no")))), "caught TypeError: no");
});

test("a failure nobody catches comes out, either way", async () => {
  assert.throws(() => runSteps(sum([fail])), TypeError);
  await assert.rejects(async () => runSteps(sum([() => Promise.resolve(1), fail])), TypeError);
});
