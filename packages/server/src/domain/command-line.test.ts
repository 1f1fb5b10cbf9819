import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { splitCommandLine } from "./command-line.ts";

describe("a command line", () => {
  for (const [line, words] of [
    ["pwd", ["pwd"]],
    ["  md5sum \t /a.txt ", ["md5sum", "/a.txt"]],
    ["md5sum '/b c.txt'", ["md5sum", "/b c.txt"]],
    ['md5sum "/b c.txt"', ["md5sum", "/b c.txt"]],
    ["md5sum /b\\ c.txt", ["md5sum", "/b c.txt"]],
    ['md5sum "/a\\"b"', ["md5sum", '/a"b']],
    ["md5sum '/a\\b'", ["md5sum", "/a\\b"]],
    ['md5sum ""', ["md5sum", ""]],
    ["a'b'\"c\"d", ["abcd"]],
    ["md5sum $HOME;ls|cat", ["md5sum", "$HOME;ls|cat"]],
    ["", []],
  ] as const) {
    test(`${JSON.stringify(line)} has ${words.length} words`, () => {
      assert.deepEqual(splitCommandLine(line), words);
    });
  }

  for (const line of ['md5sum "/a', "md5sum '", "md5sum \\", "a\0b", "x".repeat(20_000)]) {
    test(`${JSON.stringify(line.slice(0, 20))} is none`, () => {
      assert.equal(splitCommandLine(line), undefined);
    });
  }
});
