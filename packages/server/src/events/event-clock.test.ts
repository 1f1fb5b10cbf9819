import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventClock } from "./event-clock.ts";

function fakeClock() {
  const sources = { wall: 1_700_000_000_000, monotonic: 5n };
  const clock = createEventClock({ wallMs: () => sources.wall, monotonicNs: () => sources.monotonic });
  return { sources, clock };
}

test("starts at the wall time in nanoseconds", () => {
  const { clock } = fakeClock();
  assert.equal(clock(), 1_700_000_000_000_000_000n);
});

test("never gives a time twice", () => {
  const { clock } = fakeClock();
  const [first, second, third] = [clock(), clock(), clock()];
  assert.ok(first < second && second < third);
});

test("has the resolution of the monotonic clock", () => {
  const { clock, sources } = fakeClock();
  const before = clock();
  sources.monotonic += 700n;
  assert.equal(clock(), before + 700n);
});

test("follows the wall clock when it is set forward", () => {
  const { clock, sources } = fakeClock();
  clock();
  sources.wall += 60_000;
  assert.equal(clock(), 1_700_000_060_000_000_000n);
});

test("does not go back when the wall clock does", () => {
  const { clock, sources } = fakeClock();
  const before = clock();
  sources.wall -= 60_000;
  assert.equal(clock(), before + 1n);
});
