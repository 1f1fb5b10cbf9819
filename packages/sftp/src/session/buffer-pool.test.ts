import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BufferPool } from "./buffer-pool.ts";

describe("buffer pool", () => {
  it("lends at least what is asked for", () => {
    const pool = new BufferPool(1_000_000);
    for (const bytes of [0, 1, 4096, 32_781, 65_549, 261_133, 263_168, 5_000_000]) {
      assert.ok(pool.take(bytes).length >= bytes);
    }
  });

  it("lends again what came back", () => {
    const pool = new BufferPool(1_000_000);
    const buffer = pool.take(261_133);
    pool.give(buffer);
    assert.equal(pool.take(262_000), buffer);
    assert.notEqual(pool.take(262_000), buffer);
  });

  it("keeps no more than allowed", () => {
    const pool = new BufferPool(300_000);
    const buffers = [pool.take(261_133), pool.take(261_133)] as const;
    for (const buffer of buffers) pool.give(buffer);
    assert.equal(pool.take(261_133), buffers[0]);
    assert.notEqual(pool.take(261_133), buffers[1]);
  });

  it("keeps nothing after clear, and nothing that is not its own", () => {
    const pool = new BufferPool(1_000_000);
    const buffer = pool.take(261_133);
    pool.give(buffer);
    pool.clear();
    assert.notEqual(pool.take(261_133), buffer);
    const foreign = Buffer.alloc(10_000);
    pool.give(foreign);
    assert.notEqual(pool.take(10_000), foreign);
  });
});
