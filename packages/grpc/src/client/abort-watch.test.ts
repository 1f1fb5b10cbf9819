import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { AbortWatch } from "./abort-watch.ts";

test("every target hears of the abort, once, through one listener", () => {
  const watch = new AbortWatch();
  const controller = new AbortController();
  const heard: unknown[] = [];
  for (let i = 0; i < 20; i++) watch.add(controller.signal, { onAbort: (reason) => heard.push(reason) });
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort("why");
  assert.deepEqual(
    heard,
    Array.from({ length: 20 }, () => "why"),
  );
});

test("a removed target hears nothing", () => {
  const watch = new AbortWatch();
  const controller = new AbortController();
  const target = { onAbort: () => assert.fail("heard") };
  watch.add(controller.signal, target);
  watch.remove(controller.signal, target);
  controller.abort();
});

test("at most one idle signal keeps a listener", () => {
  const watch = new AbortWatch();
  const signals = [1, 2, 3].map(() => new AbortController().signal);
  const target = { onAbort: () => {} };
  for (const signal of signals) {
    watch.add(signal, target);
    watch.remove(signal, target);
  }
  assert.deepEqual(
    signals.map((signal) => getEventListeners(signal, "abort").length),
    [0, 0, 1],
  );
  watch.close();
  assert.equal(getEventListeners(signals[2]!, "abort").length, 0);
});

test("a signal in use again is not dropped as idle", () => {
  const watch = new AbortWatch();
  const first = new AbortController();
  const second = new AbortController().signal;
  let heard = 0;
  const target = { onAbort: () => heard++ };
  watch.add(first.signal, target);
  watch.remove(first.signal, target);
  watch.add(first.signal, target);
  watch.add(second, target);
  watch.remove(second, target);
  first.abort();
  assert.equal(heard, 1);
});
