import assert from "node:assert/strict";
import { test } from "node:test";

import { refusalText } from "./refusal-text.ts";

test("ordinary words stay as they are", () => {
  assert.equal(refusalText("Dateien über 1 MB sind verboten ☃"), "Dateien über 1 MB sind verboten ☃");
});

test("nothing can move the cursor, colour the terminal, turn text around or make a line of its own", () => {
  assert.equal(refusalText("\u001B[31mno\r\nremote: yes\u0007\u0000\u202Eon\u2028x\t"), "[31mno remote: yes on x");
});

test("the text is bounded", () => {
  assert.equal(Array.from(refusalText("☃".repeat(1000))).length, 256);
  assert.equal(refusalText("x".repeat(256)).length, 256);
  assert.ok(refusalText("y".repeat(50_000_000)).endsWith("y…"));
});

test("half a character at the cut does no harm", () => {
  assert.doesNotThrow(() => Buffer.from(refusalText("😀".repeat(5000))));
  assert.ok(refusalText(`${"\uD83D".repeat(5)}x`).isWellFormed());
});

test("no words are the usual ones", () => {
  for (const nothing of ["", " \n ", "\u0000\u001B"]) {
    assert.equal(refusalText(nothing), "permission denied");
  }
});
