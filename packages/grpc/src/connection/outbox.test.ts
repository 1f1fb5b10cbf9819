import assert from "node:assert/strict";
import { Socket } from "node:net";
import { Writable, type Duplex } from "node:stream";
import { test } from "node:test";

import { Outbox } from "./outbox.ts";

/** Takes chunks and keeps their callbacks until released. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  readonly #callbacks: (() => void)[] = [];
  readonly #isSlow: boolean;

  constructor(isSlow = false) {
    super({ highWaterMark: 1 });
    this.#isSlow = isSlow;
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.chunks.push(chunk);
    if (this.#isSlow) this.#callbacks.push(callback);
    else callback();
  }

  release(): void {
    this.#callbacks.shift()?.();
  }
}

function outboxOn(sink: Writable): { outbox: Outbox; events: string[] } {
  const events: string[] = [];
  const owner = { onOutboxDrained: () => events.push("drained"), onOutboxOverflow: () => events.push("overflow") };
  return { outbox: new Outbox(sink as unknown as Duplex, owner), events };
}

function write(outbox: Outbox, text: string, sizeBytes = text.length): void {
  const at = outbox.reserve(sizeBytes);
  outbox.buffer.write(text, at, "latin1");
}

test("everything of one turn leaves in one write", async () => {
  const sink = new Sink();
  const { outbox } = outboxOn(sink);
  for (let i = 0; i < 1000; i++) write(outbox, `${i};`);
  assert.equal(sink.chunks.length, 0);
  await new Promise(setImmediate);
  assert.deepEqual(sink.chunks.map(String), [Array.from({ length: 1000 }, (_, i) => `${i};`).join("")]);
});

test("bytes handed on are never written over", async () => {
  const sink = new Sink();
  const { outbox } = outboxOn(sink);
  for (let turn = 0; turn < 50; turn++) {
    write(outbox, `turn ${turn}`, 5000);
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    sink.chunks.map((chunk) => chunk.toString("latin1", 0, `turn ${sink.chunks.indexOf(chunk)}`.length)),
    sink.chunks.map((_, turn) => `turn ${turn}`),
  );
});

test("a stream that takes nothing makes it full, and it tells when there is room again", async () => {
  const sink = new Sink(true);
  const { outbox, events } = outboxOn(sink);
  while (!outbox.isFull) write(outbox, "x", 16_000);
  await new Promise(setImmediate);
  assert.deepEqual(events, []);
  for (let i = 0; i < 20; i++) {
    sink.release();
    await new Promise(setImmediate);
  }
  assert.deepEqual(events, ["drained"]);
  assert.equal(outbox.isFull, false);
});

test("writing on and on to a stream that takes nothing is an overflow", async () => {
  const { outbox, events } = outboxOn(new Sink(true));
  for (let i = 0; i < 1000; i++) write(outbox, "x", 16_000);
  await new Promise(setImmediate);
  assert.ok(events.includes("overflow"));
});

test("after the end writes go nowhere and do no harm", async () => {
  const sink = new Sink();
  const { outbox } = outboxOn(sink);
  write(outbox, "before");
  outbox.close();
  for (let i = 0; i < 100; i++) write(outbox, "after", 16_393);
  await new Promise(setImmediate);
  assert.deepEqual(sink.chunks, []);
});

/** A socket as far as an outbox can tell, which keeps what is written to it. */
class SocketSink extends Socket {
  readonly chunks: string[] = [];

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.chunks.push(chunk.toString("latin1"));
    callback();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    for (const { chunk } of chunks) this.chunks.push(chunk.toString("latin1"));
    callback();
  }
}

test("small frames do not wait for the end of a long turn, and keep their order", async () => {
  const sink = new SocketSink();
  const { outbox } = outboxOn(sink);
  const frames = Array.from({ length: 100 }, (_, i) => `${i};`.padEnd(300, "."));
  for (const frame of frames) write(outbox, frame);
  const early = sink.chunks.join("");
  assert.ok(early.length > 100 * 300 - 2 * 4096, `${early.length} bytes left early`);
  assert.ok(sink.chunks.every((chunk) => chunk.length % 300 === 0));
  await new Promise(setImmediate);
  assert.equal(sink.chunks.join(""), frames.join(""));
  sink.destroy();
});

test("large frames of one turn leave together", async () => {
  const sink = new SocketSink();
  const { outbox } = outboxOn(sink);
  for (let i = 0; i < 5; i++) write(outbox, String(i), 16 * 1024);
  assert.deepEqual(sink.chunks, []);
  await new Promise(setImmediate);
  assert.equal(sink.chunks.length, 1);
  sink.destroy();
});
