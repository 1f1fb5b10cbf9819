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
  pace.watch(() => pass(100));
  pass(199);
  assert.equal(pace.isQuick, false);
  pass(1);
  assert.equal(pace.isQuick, true);
});

/** How long the disk rests after a slow call. */
function restAfterSlowCall({ pace, pass }: ReturnType<typeof openPace>): number {
  pace.watch(() => pass(100));
  let restMs = 0;
  for (; !pace.isQuick; restMs += 100) pass(100);
  return restMs;
}

test("a disk that is slow again rests for twice as long, up to 10 s", () => {
  const under = openPace();
  const rests = Array.from({ length: 8 }, () => restAfterSlowCall(under));
  assert.deepEqual(rests, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("a disk that was quick for 10 s is forgiven", () => {
  const under = openPace();
  restAfterSlowCall(under);
  assert.equal(restAfterSlowCall(under), 400);
  under.pass(10_000);
  assert.equal(restAfterSlowCall(under), 200);
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
