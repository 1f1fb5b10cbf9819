import assert from "node:assert/strict";
import { test } from "node:test";
import { computeRetryDelayMs, judgeFailedDelivery } from "./retry-rule.ts";

const facts = { retryMaxTimeS: 60, ageMs: 1_000, waiting: 5, retryQueueMaxSize: 0 };

test("a failed event is tried again while it is young", () => {
  assert.equal(judgeFailedDelivery(facts), undefined);
  assert.equal(judgeFailedDelivery({ ...facts, ageMs: 60_000 }), undefined);
  assert.equal(judgeFailedDelivery({ ...facts, ageMs: 60_001 }), "too-old");
});

test("retry_max_time 0 drops at the first failure", () => {
  assert.equal(judgeFailedDelivery({ ...facts, retryMaxTimeS: 0 }), "not-retried");
});

test("retry_queue_max_size counts the events that wait", () => {
  assert.equal(judgeFailedDelivery({ ...facts, retryQueueMaxSize: 5 }), "retry-queue-full");
  assert.equal(judgeFailedDelivery({ ...facts, retryQueueMaxSize: 6 }), undefined);
});

test("an event from the future is young", () => {
  assert.equal(judgeFailedDelivery({ ...facts, ageMs: -5_000 }), undefined);
});

test("the rest between tries grows up to its bound", () => {
  assert.deepEqual(
    [1, 2, 3, 20].map((attempts) => computeRetryDelayMs(attempts, 0.5)),
    [200, 400, 800, 10_000],
  );
});
