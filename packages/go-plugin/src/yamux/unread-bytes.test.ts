import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UnreadBytes } from "./unread-bytes.ts";

function drain(unread: UnreadBytes, maxBytes = 1e9): Buffer[] {
  const pieces: Buffer[] = [];
  for (let piece = unread.take(maxBytes); piece !== undefined; piece = unread.take(maxBytes)) pieces.push(piece);
  return pieces;
}

/** The memory that stays alive with these pieces. */
function heldBytes(pieces: readonly Buffer[]): number {
  return [...new Set(pieces.map((piece) => piece.buffer))].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

describe("UnreadBytes", () => {
  it("gives back what was added, in order, in parts of any size", () => {
    for (const maxBytes of [1, 7, 1000, 1e6]) {
      const unread = new UnreadBytes();
      const parts = [1, 5000, 3, 40_000, 900, 1024, 2, 70_000].map((size, i) => Buffer.alloc(size, i));
      for (const part of parts) unread.add(part);
      const whole = Buffer.concat(parts);
      assert.equal(unread.sizeBytes, whole.length);
      const pieces = drain(unread, maxBytes);
      assert.ok(Buffer.concat(pieces).equals(whole));
      assert.ok(pieces.every((piece) => piece.length <= maxBytes));
      assert.equal(unread.sizeBytes, 0);
    }
  });

  it("does not copy what is worth its memory", () => {
    const unread = new UnreadBytes();
    const chunk = Buffer.allocUnsafeSlow(64 * 1024);
    unread.add(chunk.subarray(12));
    assert.equal(drain(unread)[0]?.buffer, chunk.buffer);
  });

  it("holds little more memory than bytes, however small the pieces and large the chunks they lie in", () => {
    const unread = new UnreadBytes();
    for (let i = 0; i < 10_000; i++) unread.add(Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 1));
    for (let i = 0; i < 10; i++) unread.add(Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 2000));
    const { sizeBytes } = unread;
    assert.ok(heldBytes(drain(unread)) <= sizeBytes * 4);
  });

  it("is empty after clear()", () => {
    const unread = new UnreadBytes();
    unread.add(Buffer.alloc(5));
    unread.clear();
    assert.deepEqual([unread.sizeBytes, unread.take(1)], [0, undefined]);
  });
});
