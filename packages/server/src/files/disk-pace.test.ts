import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskPace } from "./disk-pace.ts";

function openPace() {
  let nowMs = 1000;
  const pass = (ms: number) => void (nowMs += ms);
  return { pace: new DiskPace(() => nowMs), pass };
}

test("a disk is quick until a call was slow", () => {
  const { pace, pass } = openPace();
  assert.equal(pace.isQuick, true);
  assert.equal(
    pace.watch(() => {
      pass(10);
      return "result";
    }),
    "result",
  );
  assert.equal(pace.isQuick, true);
  pace.watch(() => pass(11));
  assert.equal(pace.isQuick, false);
});

test("after a while a slow disk is tried again", () => {
  const { pace, pass } = openPace();
  pace.watch(() => pass(200));
  pass(4999);
  assert.equal(pace.isQuick, false);
  pass(1);
  assert.equal(pace.isQuick, true);
});

test("a call that fails slowly counts too", () => {
  const { pace, pass } = openPace();
  assert.throws(
    () =>
      pace.watch(() => {
        pass(11);
        throw new RangeError("failed");
      }),
    RangeError,
  );
  assert.equal(pace.isQuick, false);
});
