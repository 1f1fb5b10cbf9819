import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { onceAtATime } from "./once-at-a-time.ts";

let runs: PromiseWithResolvers<void>[];
let stop: AbortController;
let call: () => void;

beforeEach(() => {
  runs = [];
  stop = new AbortController();
  call = onceAtATime(async () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    await run.promise;
  }, stop.signal);
});

async function endRun(index: number): Promise<void> {
  runs[index]?.resolve();
  await new Promise(setImmediate);
}

test("a call runs at once, also after another has ended", async () => {
  call();
  assert.equal(runs.length, 1);
  await endRun(0);
  call();
  assert.equal(runs.length, 2);
});

test("any number of calls while one runs are one more run", async () => {
  for (let count = 0; count < 100; count += 1) call();
  assert.equal(runs.length, 1);
  await endRun(0);
  assert.equal(runs.length, 2);
  await endRun(1);
  assert.equal(runs.length, 2);
});

test("nothing is begun after the end", async () => {
  call();
  call();
  stop.abort();
  await endRun(0);
  call();
  assert.equal(runs.length, 1);
});
