import assert from "node:assert/strict";
import { test } from "node:test";
import { CallMeter } from "./call-meter.ts";

test("a meter without calls knows no durations", () => {
  assert.deepEqual(new CallMeter().counters(), { calls: 0, failures: 0, p50Ms: undefined, p99Ms: undefined });
});

test("one call is the half and the worst", () => {
  const meter = new CallMeter();
  meter.record(2.5, "ok");
  assert.deepEqual(meter.counters(), { calls: 1, failures: 0, p50Ms: 2.5, p99Ms: 2.5 });
});

test("failures are counted, and their durations too", () => {
  const meter = new CallMeter();
  for (let ms = 1; ms <= 100; ms++) meter.record(ms, ms % 10 === 0 ? "failed" : "ok");
  assert.deepEqual(meter.counters(), { calls: 100, failures: 10, p50Ms: 50, p99Ms: 99 });
});

test("durations of long ago are forgotten, counts are not", () => {
  const meter = new CallMeter();
  for (let call = 0; call < 500; call++) meter.record(1_000, "failed");
  for (let call = 0; call < 1024; call++) meter.record(1, "ok");
  assert.deepEqual(meter.counters(), { calls: 1524, failures: 500, p50Ms: 1, p99Ms: 1 });
});
