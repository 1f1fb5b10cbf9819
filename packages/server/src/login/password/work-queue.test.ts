import assert from "node:assert/strict";
import { test } from "node:test";

import { createWorkQueue, type WorkTicket } from "./work-queue.ts";

interface Fixture {
  /** Hands in work that is done when told to. */
  readonly hand: (name: string, ticket?: WorkTicket) => Promise<string | undefined>;
  /** Ends the work running for the longest time, and waits until the next has started. */
  readonly finishOne: () => Promise<void>;
  readonly started: string[];
}

function fixture(limits: Parameters<typeof createWorkQueue>[0]): Fixture {
  const queue = createWorkQueue(limits);
  const started: string[] = [];
  const running: (() => void)[] = [];
  return {
    started,
    hand: async (name, ticket) =>
      await queue.run(async () => {
        started.push(name);
        await new Promise<void>((resolve) => running.push(resolve));
        return name;
      }, ticket),
    async finishOne() {
      running.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("origins take turns, however much one of them has waiting", async () => {
  const { hand, finishOne, started } = fixture({ running: 1, waiting: 10 });
  const done = [hand("a1", { origin: "a" }), hand("a2", { origin: "a" }), hand("a3", { origin: "a" })];
  done.push(hand("b1", { origin: "b" }), hand("c1", { origin: "c" }), hand("b2", { origin: "b" }));
  while (started.length < 6) {
    await finishOne();
  }
  await finishOne();
  assert.deepEqual(started, ["a1", "a2", "b1", "c1", "a3", "b2"]);
  assert.deepEqual(await Promise.all(done), ["a1", "a2", "a3", "b1", "c1", "b2"]);
});

test("one origin cannot take every place", async () => {
  const { hand, finishOne, started } = fixture({ running: 1, waiting: 10, waitingPerOrigin: 1 });
  const first = hand("a1", { origin: "a" });
  const second = hand("a2", { origin: "a" });
  assert.equal(await hand("a3", { origin: "a" }), undefined);
  const other = hand("b1", { origin: "b" });
  for (let turn = 0; turn < 3; turn += 1) {
    await finishOne();
  }
  assert.deepEqual(await Promise.all([first, second, other]), ["a1", "a2", "b1"]);
  assert.deepEqual(started, ["a1", "a2", "b1"]);
});

test("work whose client left while it waited is not done and frees its place", async () => {
  const { hand, finishOne, started } = fixture({ running: 1, waiting: 1 });
  const left = new AbortController();
  const first = hand("first");
  const gone = hand("gone", { signal: left.signal });
  assert.equal(await hand("too much"), undefined);
  left.abort();
  assert.equal(await gone, undefined);
  const next = hand("next");
  await finishOne();
  await finishOne();
  assert.deepEqual(await Promise.all([first, next]), ["first", "next"]);
  assert.deepEqual(started, ["first", "next"]);
});

test("work of a client that has left already is not done", async () => {
  const { hand, started } = fixture({ running: 1, waiting: 1 });
  assert.equal(await hand("gone", { signal: AbortSignal.abort() }), undefined);
  assert.deepEqual(started, []);
});
