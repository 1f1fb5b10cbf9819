import assert from "node:assert/strict";
import { test } from "node:test";

import { pump, type PumpTarget } from "./pump.ts";

class Target implements PumpTarget<number> {
  isDone = false;
  onDone: (() => void) | undefined = undefined;
  readonly sent: number[] = [];
  readonly #onSend: (target: Target) => Promise<void> | undefined;

  constructor(onSend: (target: Target) => Promise<void> | undefined = () => undefined) {
    this.#onSend = onSend;
  }

  send(message: number): Promise<void> | undefined {
    this.sent.push(message);
    return this.#onSend(this);
  }
}

test("sends everything of iterables and async iterables", async () => {
  const target = new Target();
  await pump([1, 2, 3], target);
  await pump(count(2), target);
  assert.deepEqual(target.sent, [1, 2, 3, 0, 1]);
});

test("asks for no more while a message is held back", async () => {
  const held = Promise.withResolvers<void>();
  const target = new Target(() => held.promise);
  const done = pump([1, 2], target);
  await new Promise(setImmediate);
  assert.deepEqual(target.sent, [1]);
  held.resolve();
  await done;
  assert.deepEqual(target.sent, [1, 2]);
});

test("lets the event loop turn although nothing holds it back", async () => {
  const target = new Target((self) => {
    self.isDone = self.sent.length > 1_000_000;
    return undefined;
  });
  const done = pump(count(Number.POSITIVE_INFINITY), target);
  await new Promise(setImmediate);
  target.isDone = true;
  await done;
  assert.ok(target.sent.length < 10_000, `${target.sent.length} messages were sent in one turn`);
});

test("lets go of the source when the target is done", async () => {
  let returned = 0;
  const source = {
    next: () => new Promise<IteratorResult<number>>(() => {}),
    return: () => (returned++, Promise.resolve({ done: true, value: 0 } as const)),
  };
  const target = new Target();
  void pump({ [Symbol.asyncIterator]: () => source }, target);
  target.isDone = true;
  target.onDone?.();
  assert.equal(returned, 1);
});

test("rejects with the source's error, and with the target's after leaving the source", async () => {
  const failing = { next: () => Promise.reject(new RangeError("source")) };
  await assert.rejects(pump({ [Symbol.asyncIterator]: () => failing }, new Target()), { message: "source" });
  let left = false;
  const source = (function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      left = true;
    }
  })();
  await assert.rejects(pump(source, new Target(() => Promise.reject(new RangeError("target")))), { message: "target" });
  assert.ok(left);
});

async function* count(limit: number): AsyncGenerator<number, void> {
  for (let i = 0; i < limit; i++) yield i;
}
