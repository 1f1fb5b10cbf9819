import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";

import { AnswerBacklog } from "./answer-backlog.ts";
import { gatherWrites } from "./gather-writes.ts";

interface Fixture {
  readonly socket: Duplex;
  readonly backlog: AnswerBacklog;
  /** The client takes what is waiting. */
  readonly drain: () => Promise<void>;
}

/** A socket whose client takes nothing until told to. */
function unread(): Fixture {
  let taken: (() => void) | undefined;
  const socket = new Duplex({
    highWaterMark: 100,
    read: () => undefined,
    write: (_chunk, _encoding, callback) => (taken = callback),
    writev: (_chunks, callback) => (taken = callback),
  });
  const backlog = new AnswerBacklog(socket);
  gatherWrites(socket, (pieces) => {
    backlog.add(pieces);
    backlog.pauseAbove({ pieces: 10, bytes: 1000 });
  });
  socket.resume();
  return {
    socket,
    backlog,
    async drain() {
      taken?.();
      await nextTurn();
    },
  };
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function write({ socket }: Fixture, pieces: number, bytes: number): Promise<void> {
  for (let written = 0; written < pieces; written += 1) {
    socket.write(Buffer.alloc(bytes));
  }
  await nextTurn();
}

test("a client that takes its answers is read on", async () => {
  const client = unread();
  await write(client, 10, 20);
  assert.equal(client.socket.isPaused(), false);
});

for (const [what, pieces, bytes] of [
  ["many small answers", 11, 20],
  ["a few big answers", 2, 501],
] as const) {
  test(`a client that leaves ${what} is not read until it takes them`, async () => {
    const client = unread();
    await write(client, pieces, bytes);
    assert.equal(client.socket.isPaused(), true);
    await client.drain();
    assert.equal(client.socket.isPaused(), false);
  });
}

test("answers of several turns add up", async () => {
  const client = unread();
  await write(client, 6, 20);
  await write(client, 6, 20);
  assert.equal(client.socket.isPaused(), true);
});

test("answers taken no longer count", async () => {
  const client = unread();
  await write(client, 10, 20);
  await client.drain();
  await write(client, 10, 20);
  assert.equal(client.socket.isPaused(), false);
});

test("so few bytes that no drain would follow pause nothing", async () => {
  const client = unread();
  await write(client, 20, 1);
  assert.equal(client.socket.isPaused(), false);
});
