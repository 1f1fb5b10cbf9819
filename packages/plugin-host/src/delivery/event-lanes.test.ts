import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLanes } from "./event-lanes.ts";
import type { Lane } from "./event-lanes.ts";

function fill(...pairs: readonly (readonly [string, number])[]): EventLanes<number> {
  const lanes = new EventLanes<number>();
  for (const [key, item] of pairs) lanes.push(key, item);
  return lanes;
}

function takeLane(lanes: EventLanes<number>): Lane<number> {
  const lane = lanes.take();
  assert.ok(lane);
  return lane;
}

test("different lanes are taken at once, one event each", () => {
  const lanes = fill(["a", 1], ["a", 2], ["b", 3]);
  assert.deepEqual([takeLane(lanes).items.head, takeLane(lanes).items.head], [1, 3]);
  assert.equal(lanes.take(), undefined);
});

test("a lane goes on with its next event", () => {
  const lanes = fill(["a", 1], ["a", 2]);
  lanes.advance(takeLane(lanes));
  assert.equal(takeLane(lanes).items.head, 2);
});

test("a resting lane keeps its head and does not hinder others", () => {
  const lanes = fill(["a", 1], ["a", 2], ["b", 3]);
  const a = takeLane(lanes);
  lanes.rest(a);
  assert.equal(takeLane(lanes).key, "b");
  assert.equal(lanes.take(), undefined);
  lanes.wake(a);
  assert.equal(takeLane(lanes).items.head, 1);
});

test("waking what does not rest changes nothing", () => {
  const lanes = fill(["a", 1]);
  const a = takeLane(lanes);
  lanes.wake(a);
  lanes.wakeAll();
  assert.equal(lanes.take(), undefined);
  lanes.advance(a);
  lanes.push("a", 2);
  lanes.wake(a);
  assert.equal(takeLane(lanes).items.head, 2);
  assert.equal(lanes.take(), undefined);
});

test("clearing leaves only the events under way", () => {
  const lanes = fill(["a", 1], ["a", 2], ["b", 3], ["c", 4]);
  const a = takeLane(lanes);
  lanes.rest(takeLane(lanes));
  assert.deepEqual(lanes.clear(), [2, 3, 4]);
  assert.equal(lanes.length, 1);
  assert.equal(a.items.head, 1);
  lanes.advance(a);
  assert.equal(lanes.length, 0);
  assert.equal(lanes.take(), undefined);
});

test("thousands of events of one lane keep their order", () => {
  const lanes = new EventLanes<number>();
  const seen: number[] = [];
  for (let item = 0; item < 5_000; item++) {
    lanes.push("a", item);
    if (item % 3 !== 0) continue;
    const lane = takeLane(lanes);
    seen.push(lane.items.head ?? -1);
    lanes.advance(lane);
  }
  for (let lane = lanes.take(); lane !== undefined; lane = lanes.take()) {
    seen.push(lane.items.head ?? -1);
    lanes.advance(lane);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 5_000 }, (_, item) => item),
  );
});
