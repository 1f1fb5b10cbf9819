import assert from "node:assert/strict";
import { test } from "node:test";

import { GrpcError } from "../grpc-error.ts";
import { heldSizeOf } from "../messages/message-reader.ts";
import { MessageQueue } from "./message-queue.ts";

function queueOf(): { queue: MessageQueue<string>; taken: number[]; left: () => number } {
  const taken: number[] = [];
  let left = 0;
  const owner = { onMessageTaken: (heldBytes: number) => taken.push(heldBytes), onReaderLeft: () => left++ };
  return { queue: new MessageQueue(decode, owner), taken, left: () => left };
}

test("messages come out in order, whether they or their reader were first", async () => {
  const { queue } = queueOf();
  queue.push(Buffer.from("a"));
  const results = [queue.next(), queue.next(), queue.next()];
  queue.push(Buffer.from("b"));
  queue.end();
  assert.deepEqual(await Promise.all(results), [
    { done: false, value: "a" },
    { done: false, value: "b" },
    { done: true, value: undefined },
  ]);
});

test("messages count as taken when they are read, not before", async () => {
  const { queue, taken } = queueOf();
  queue.push(Buffer.from("four"));
  assert.deepEqual(taken, []);
  await queue.next();
  assert.deepEqual(taken, [heldSizeOf(Buffer.from("four"))]);
});

test("an error comes after the messages, once", async () => {
  const { queue } = queueOf();
  queue.push(Buffer.from("a"));
  queue.fail(new GrpcError("ABORTED", "over"));
  assert.equal((await queue.next()).value, "a");
  await assert.rejects(queue.next(), { code: "ABORTED" });
  assert.equal((await queue.next()).done, true);
});

test("leaving gives back what waits and tells the owner once", async () => {
  const { queue, taken, left } = queueOf();
  queue.push(Buffer.from("abc"));
  await queue.return();
  await queue.return();
  assert.deepEqual(taken, [heldSizeOf(Buffer.from("abc"))]);
  assert.equal(left(), 1);
  assert.equal((await queue.next()).done, true);
});

test("a message that cannot be decoded ends the reading", async () => {
  const { queue, left } = queueOf();
  queue.push(Buffer.from("bad"));
  queue.push(Buffer.from("good"));
  await assert.rejects(Array.fromAsync(queue), { code: "INTERNAL" });
  assert.equal(left(), 1);
});

test("a second loop is refused", () => {
  const { queue } = queueOf();
  queue[Symbol.asyncIterator]();
  assert.throws(() => queue[Symbol.asyncIterator](), { code: "INTERNAL" });
});

test("thousands of waiting messages stay in order", async () => {
  const { queue } = queueOf();
  for (let i = 0; i < 5000; i++) queue.push(Buffer.from(String(i)));
  queue.end();
  assert.deepEqual(
    await Array.fromAsync(queue),
    Array.from({ length: 5000 }, (_, i) => String(i)),
  );
});

function decode(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString();
  if (text === "bad") throw new GrpcError("INTERNAL", "undecodable");
  return text;
}
