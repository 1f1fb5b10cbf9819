import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LineSplitter } from "./line-splitter.ts";
import type { LinePiece } from "./line-splitter.ts";

function split(limitBytes: number, ...chunks: readonly string[]): [string, boolean][] {
  const splitter = new LineSplitter(limitBytes);
  const pieces = chunks.flatMap((chunk) => {
    splitter.feed(Buffer.from(chunk));
    return takeAll(splitter);
  });
  return [...pieces, ...splitter.finish()].map(({ text, whole }) => [text, whole]);
}

function takeAll(splitter: LineSplitter): LinePiece[] {
  const pieces: LinePiece[] = [];
  for (let piece = splitter.next(); piece !== undefined; piece = splitter.next()) pieces.push(piece);
  return pieces;
}

describe("LineSplitter", () => {
  it("cuts at newlines wherever the chunks end", () => {
    assert.deepEqual(split(100, "a\nb", "c\n", "\n", "d"), [
      ["a", true],
      ["bc", true],
      ["", true],
      ["d", true],
    ]);
  });

  it("drops a carriage return before the newline, also when they come apart", () => {
    assert.deepEqual(split(100, "a\r", "\nb\rc\r\n"), [
      ["a", true],
      ["b\rc", true],
    ]);
  });

  it("takes a line of exactly the limit as a whole", () => {
    assert.deepEqual(split(4, "abcd\nab\n"), [
      ["abcd", true],
      ["ab", true],
    ]);
  });

  it("gives a longer line in pieces and then goes on", () => {
    assert.deepEqual(split(4, "abcdefghij\nk\n"), [
      ["abcd", false],
      ["efgh", false],
      ["ij", false],
      ["k", true],
    ]);
  });

  it("does not keep the caller's buffer once it is used up", () => {
    const splitter = new LineSplitter(100);
    const buffer = Buffer.from("abc");
    splitter.feed(buffer);
    assert.equal(splitter.next(), undefined);
    buffer.fill(0);
    splitter.feed(Buffer.from("\n"));
    assert.deepEqual(splitter.next(), { text: "abc", whole: true });
  });

  it("keeps characters whole that come in two chunks", () => {
    const bytes = Buffer.from("é\n");
    const splitter = new LineSplitter(100);
    splitter.feed(bytes.subarray(0, 1));
    assert.equal(splitter.next(), undefined);
    splitter.feed(bytes.subarray(1));
    assert.deepEqual(takeAll(splitter), [{ text: "é", whole: true }]);
  });

  it("takes more before what it has is used up", () => {
    const splitter = new LineSplitter(100);
    splitter.feed(Buffer.from("a\nb"));
    splitter.feed(Buffer.from("c\nd"));
    assert.deepEqual(
      takeAll(splitter).map(({ text }) => text),
      ["a", "bc"],
    );
  });

  it("skips lines, counts them, and keeps as many as it is told", () => {
    const splitter = new LineSplitter(100);
    splitter.feed(Buffer.from("a"));
    assert.equal(splitter.next(), undefined);
    splitter.feed(Buffer.from("b\n\nc\nd\ne"));
    assert.equal(splitter.skip(1), 3);
    splitter.feed(Buffer.from("f\n"));
    assert.deepEqual(
      takeAll(splitter).map(({ text }) => text),
      ["d", "ef"],
    );
  });

  for (const [what, text] of [
    ["no whole line", "abc"],
    ["only as many as are kept", "a\n\n"],
    ["nothing but a newline", "\n"],
  ] as const) {
    it(`skips nothing of ${what}`, () => {
      const splitter = new LineSplitter(100);
      splitter.feed(Buffer.from(text));
      assert.equal(splitter.skip(2), 0);
    });
  }

  it("takes the line after a long one that was skipped as a whole", () => {
    const splitter = new LineSplitter(4);
    splitter.feed(Buffer.from("abcdef"));
    assert.deepEqual(takeAll(splitter), [{ text: "abcd", whole: false }]);
    splitter.feed(Buffer.from("gh\nk\n"));
    assert.equal(splitter.skip(1), 1);
    assert.deepEqual(takeAll(splitter), [{ text: "k", whole: true }]);
  });
});
