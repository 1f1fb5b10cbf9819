import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LineSplitter } from "./line-splitter.ts";

function split(limitBytes: number, ...chunks: readonly string[]): [string, boolean][] {
  const splitter = new LineSplitter(limitBytes);
  const pieces = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.finish()];
  return pieces.map(({ text, whole }) => [text, whole]);
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

  it("does not keep the caller's buffer", () => {
    const splitter = new LineSplitter(100);
    const buffer = Buffer.from("abc");
    splitter.push(buffer);
    buffer.fill(0);
    assert.deepEqual(splitter.push(Buffer.from("\n")), [{ text: "abc", whole: true }]);
  });

  it("keeps characters whole that come in two chunks", () => {
    const bytes = Buffer.from("é\n");
    const splitter = new LineSplitter(100);
    assert.deepEqual(
      [...splitter.push(bytes.subarray(0, 1)), ...splitter.push(bytes.subarray(1))],
      [{ text: "é", whole: true }],
    );
  });
});
