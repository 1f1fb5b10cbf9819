import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { readByTurns } from "./read-by-turns.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("readByTurns", () => {
  it("takes one chunk a turn, and all of them", async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    readByTurns(stream, (chunk) => seen.push(chunk.toString()));
    for (const text of ["a", "b", "c", "d"]) stream.write(text);
    const closed = once(stream, "close");
    stream.end();
    await turn();
    for (let before = seen.length; seen.length < 4; before = seen.length) {
      await turn();
      assert.ok(seen.length - before <= 1, seen.join());
    }
    await closed;
    assert.deepEqual(seen, ["a", "b", "c", "d"]);
  });

  it("takes no further chunk before the one it has is dealt with", async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    let open = 0;
    readByTurns(
      stream,
      (chunk) => {
        seen.push(chunk.toString());
        open = 3;
      },
      () => {
        seen.push("more");
        return --open > 0;
      },
    );
    stream.write("a");
    stream.write("b");
    stream.end();
    await once(stream, "close");
    assert.deepEqual(seen.slice(0, 5), ["a", "more", "more", "more", "b"]);
  });
});
