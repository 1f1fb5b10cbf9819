import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { AggregatedLog } from "./aggregated-log.ts";

function setUp() {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const log = new AggregatedLog(logger, clock);
  const report = (group: string, n: number): void =>
    log.report({ level: "warn", message: "dropped", group, fields: { group, n } });
  const seen = (): unknown[] => logger.lines.map(({ fields }) => [fields["group"], fields["n"], fields["count"]]);
  return { clock, log, report, seen };
}

test("the first is written at once, the rest as one line a window with the last one's facts", async () => {
  const { clock, report, seen } = setUp();
  for (let n = 1; n <= 1_000; n++) report("full", n);
  assert.deepEqual(seen(), [["full", 1, 1]]);
  await clock.advance(10_000);
  assert.deepEqual(seen(), [
    ["full", 1, 1],
    ["full", 1_000, 999],
  ]);
});

test("a quiet window ends the aggregation", async () => {
  const { clock, report, seen } = setUp();
  report("full", 1);
  await clock.advance(10_000);
  assert.equal(clock.pending, 0);
  report("full", 2);
  assert.deepEqual(seen(), [
    ["full", 1, 1],
    ["full", 2, 1],
  ]);
});

test("groups are counted apart", () => {
  const { report, seen } = setUp();
  report("full", 1);
  report("old", 2);
  assert.deepEqual(seen(), [
    ["full", 1, 1],
    ["old", 2, 1],
  ]);
});

test("close writes what is left and ends every timer", () => {
  const { clock, log, report, seen } = setUp();
  report("full", 1);
  report("full", 2);
  log.close();
  assert.deepEqual(seen(), [
    ["full", 1, 1],
    ["full", 2, 1],
  ]);
  assert.equal(clock.pending, 0);
});
