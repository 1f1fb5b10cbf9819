import assert from "node:assert/strict";
import { test } from "node:test";

import { DeadlineQueue, type Deadline } from "./deadline-queue.ts";

class Entry implements Deadline {
  deadlineIndex = -1;
  readonly deadlineAtMs: number;
  readonly #onDeadline: (entry: Entry) => void;

  constructor(inMs: number, onDeadline: (entry: Entry) => void) {
    this.deadlineAtMs = performance.now() + inMs;
    this.#onDeadline = onDeadline;
  }

  onDeadline(): void {
    this.#onDeadline(this);
  }
}

test("deadlines pass in their order, whatever order they came in", async () => {
  const queue = new DeadlineQueue();
  const passed: number[] = [];
  await new Promise<void>((resolve) => {
    const entries = [9, 3, 7, 1, 5, 8, 2, 6, 4].map(
      (inMs) =>
        new Entry(inMs, (entry) => {
          passed.push(entry.deadlineAtMs);
          if (passed.length === entries.length) resolve();
        }),
    );
    for (const entry of entries) queue.add(entry);
  });
  assert.deepEqual(
    passed,
    [...passed].sort((a, b) => a - b),
  );
  assert.equal(queue.size, 0);
  queue.close();
});

test("what is removed does not pass, and the rest keeps its order", async () => {
  const queue = new DeadlineQueue();
  const passed: Entry[] = [];
  const entries = Array.from({ length: 50 }, (_, i) => new Entry(1 + ((i * 37) % 20), (entry) => passed.push(entry)));
  for (const entry of entries) queue.add(entry);
  const removed = entries.filter((_, i) => i % 3 === 0);
  for (const entry of removed) queue.remove(entry);
  await new Promise<void>((resolve) => queue.add(new Entry(40, () => resolve())));
  assert.equal(passed.length, entries.length - removed.length);
  for (const entry of removed) assert.ok(!passed.includes(entry));
  for (let i = 1; i < passed.length; i++) assert.ok(passed[i - 1]!.deadlineAtMs <= passed[i]!.deadlineAtMs);
  queue.close();
});

test("no deadline passes early", async () => {
  const queue = new DeadlineQueue();
  await new Promise<void>((resolve) => {
    const entry = new Entry(20, () => {
      assert.ok(performance.now() >= entry.deadlineAtMs);
      resolve();
    });
    queue.add(entry);
  });
  queue.close();
});

test("a closed queue calls nobody", async () => {
  const queue = new DeadlineQueue();
  queue.add(new Entry(1, () => assert.fail("called after close")));
  queue.close();
  await new Promise((resolve) => setTimeout(resolve, 10));
});
