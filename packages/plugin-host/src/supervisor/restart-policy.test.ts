import assert from "node:assert/strict";
import { test } from "node:test";
import { computeRestartDelayMs, defaultRestartPolicy } from "./restart-policy.ts";

const noJitter = { ...defaultRestartPolicy, jitter: 0 };

test("delays double until they reach their bound", () => {
  const delays = [1, 2, 3, 9, 10, 1_000].map((failures) => computeRestartDelayMs(noJitter, failures, 0));
  assert.deepEqual(delays, [100, 200, 400, 25_600, 30_000, 30_000]);
});

test("jitter spreads a delay in both directions", () => {
  const policy = { ...defaultRestartPolicy, initialDelayMs: 1_000, jitter: 0.2 };
  assert.deepEqual(
    [0, 0.5, 1].map((random) => computeRestartDelayMs(policy, 1, random)),
    [800, 1_000, 1_200],
  );
});
