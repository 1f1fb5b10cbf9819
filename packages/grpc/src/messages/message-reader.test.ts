import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryBudget } from "./memory-budget.ts";
import { MessageReader, readWholeMessages, type MessageLimits } from "./message-reader.ts";

const MIB = 1024 * 1024;

function limitsOf(maxReceiveBytes: number, budgetBytes: number): MessageLimits {
  return { maxReceiveBytes, budget: new MemoryBudget(budgetBytes) };
}

function prefix(lengthBytes: number, flag = 0): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = flag;
  bytes.writeUInt32BE(lengthBytes, 1);
  return bytes;
}

function collect(): { messages: Buffer[]; sink: { acceptsMessages: boolean; onMessage: (message: Buffer) => void } } {
  const messages: Buffer[] = [];
  return { messages, sink: { acceptsMessages: true, onMessage: (message) => messages.push(message) } };
}

test("memory grows with what arrived, not with what was announced", () => {
  const limits = limitsOf(64 * MIB, 100 * 1024);
  const reader = new MessageReader(limits);
  const { sink } = collect();
  const head = Buffer.concat([prefix(60 * MIB), Buffer.alloc(1000)]);
  reader.read(head, 0, head.length, sink);
  assert.equal(reader.pendingBytes, 1000);
  // 64 KiB are held; the next step would need 128.
  assert.throws(() => reader.read(Buffer.alloc(70_000), 0, 70_000, sink), { code: "RESOURCE_EXHAUSTED" });
});

test("memory is given back with the message, and at the end of the call", () => {
  const limits = limitsOf(MIB, MIB);
  const { sink, messages } = collect();
  for (let i = 0; i < 10; i++) {
    const reader = new MessageReader(limits);
    const bytes = Buffer.concat([prefix(900_000), Buffer.alloc(900_000, i)]);
    reader.read(bytes, 0, 500_000, sink);
    if (i % 2 === 0) reader.read(bytes, 500_000, bytes.length, sink);
    else reader.close();
  }
  assert.deepEqual(
    messages.map((message) => message.length),
    Array.from({ length: 5 }, () => 900_000),
  );
  assert.ok(limits.budget.take(MIB));
});

test("a large message costs a number of copies that does not grow with its frames", () => {
  const limits = limitsOf(64 * MIB, 128 * MIB);
  const reader = new MessageReader(limits);
  const { sink, messages } = collect();
  reader.read(prefix(32 * MIB), 0, 5, sink);
  const part = Buffer.alloc(16_384, 7);
  for (let i = 0; i < 2048; i++) reader.read(part, 0, part.length, sink);
  assert.equal(messages[0]?.length, 32 * MIB);
  assert.ok(messages[0].every((octet) => octet === 7));
});

test("whole messages of one frame are copied out, the rest is left", () => {
  const { sink, messages } = collect();
  const bytes = Buffer.concat([prefix(3), Buffer.from("abc"), prefix(0), prefix(9), Buffer.from("part")]);
  const at = readWholeMessages(bytes, 0, bytes.length, limitsOf(100, 100), sink);
  bytes.fill(0);
  assert.equal(at, 13);
  assert.deepEqual(messages.map(String), ["abc", ""]);
});

test("a sink that is done gets no more", () => {
  const { sink, messages } = collect();
  const done = { ...sink, onMessage: (message: Buffer) => (messages.push(message), (done.acceptsMessages = false)) };
  const bytes = Buffer.concat([prefix(1), Buffer.from("a"), prefix(1), Buffer.from("b")]);
  assert.equal(readWholeMessages(bytes, 0, bytes.length, limitsOf(100, 100), done), bytes.length);
  assert.equal(messages.length, 1);
});

test("prefixes that are none are refused at once", () => {
  const table: readonly (readonly [Buffer, string])[] = [
    [prefix(1, 1), "INTERNAL"],
    [prefix(1, 2), "INTERNAL"],
    [prefix(101), "RESOURCE_EXHAUSTED"],
    [prefix(0xffff_ffff), "RESOURCE_EXHAUSTED"],
  ];
  for (const [bytes, code] of table) {
    const limits = limitsOf(100, 100);
    assert.throws(() => readWholeMessages(bytes, 0, 5, limits, collect().sink), { code });
    assert.throws(() => new MessageReader(limits).read(bytes, 0, 5, collect().sink), { code });
  }
});
