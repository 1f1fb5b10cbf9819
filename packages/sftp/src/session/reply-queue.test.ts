import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { encodeStatus } from "../protocol/replies.ts";
import { FlowBudget } from "./flow-budget.ts";
import { ReplyQueue } from "./reply-queue.ts";

function openQueue() {
  const sizes: number[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      sizes.push(chunk.length);
      done();
    },
  });
  const budget = new FlowBudget({ maxRequests: 8, maxBytes: 1024 * 1024 }, () => undefined);
  const replies = new ReplyQueue(stream, budget);
  return {
    sizes,
    /** So many more requests are in flight. */
    hold: (count: number) => {
      for (let index = 0; index < count; index++) budget.holdRequest();
    },
    answer: () => replies.send((writer) => encodeStatus(writer, 1, "OK", "Success")),
    sendData: () => replies.sendData(Buffer.alloc(100), () => undefined),
  };
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("the reply to a request that is alone leaves before the turn is over", async () => {
  const { sizes, hold, answer } = openQueue();
  hold(1);
  answer();
  await nextTick();
  assert.equal(sizes.length, 1);
  await nextTurn();
  assert.equal(sizes.length, 1);
});

test("so does data", async () => {
  const { sizes, hold, sendData } = openQueue();
  hold(1);
  sendData();
  await nextTick();
  assert.deepEqual(sizes, [100]);
});

test("replies to several requests in flight leave together when the turn is over", async () => {
  const { sizes, hold, answer } = openQueue();
  hold(2);
  answer();
  await nextTick();
  assert.deepEqual(sizes, []);
  answer();
  await nextTurn();
  assert.equal(sizes.length, 1);
});

test("replies that come before a lone one has left go with it", async () => {
  const { sizes, hold, answer } = openQueue();
  hold(1);
  answer();
  hold(1);
  answer();
  await nextTick();
  assert.equal(sizes.length, 1);
  await nextTurn();
  assert.equal(sizes.length, 1);
});
