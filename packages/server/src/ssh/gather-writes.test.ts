import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";

import { gatherWrites } from "./gather-writes.ts";

/** What reached the system, one entry a call. */
function recordCalls(): { readonly socket: Writable; readonly calls: string[] } {
  const calls: string[] = [];
  const socket = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      calls.push(chunk.toString());
      callback();
    },
    writev(chunks, callback) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join("+"));
      callback();
    },
  });
  gatherWrites(socket);
  return { socket, calls };
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("pieces written in one turn leave in one call, in order", async () => {
  const { socket, calls } = recordCalls();
  socket.write("length");
  socket.write("content");
  socket.write("tag");
  assert.deepEqual(calls, []);
  await nextTurn();
  assert.deepEqual(calls, ["length+content+tag"]);
});

test("each turn has its own call", async () => {
  const { socket, calls } = recordCalls();
  socket.write("one");
  await nextTurn();
  socket.write("two");
  await nextTurn();
  assert.deepEqual(calls, ["one", "two"]);
});

test("what was gathered is written before the end", async () => {
  const { socket, calls } = recordCalls();
  socket.write("last");
  socket.write("words");
  socket.end();
  await new Promise((resolve) => socket.once("finish", resolve));
  assert.deepEqual(calls, ["last+words"]);
});
