import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGoBoolean, parseGoDuration, parseGoInteger } from "./go-values.ts";

// What Go's strconv and time packages answer, tried with Go 1.26.
test("booleans are Go's", () => {
  for (const text of ["1", "t", "T", "true", "TRUE", "True"]) assert.equal(parseGoBoolean(text), true, text);
  for (const text of ["0", "f", "F", "false", "FALSE", "False"]) assert.equal(parseGoBoolean(text), false, text);
  for (const text of ["", "yes", "no", "tRUE", "2", " true"]) assert.equal(parseGoBoolean(text), undefined, text);
});

test("integers are Go's, with base 0", () => {
  for (const [text, value] of [
    ["0", 0n],
    ["10", 10n],
    ["-10", -10n],
    ["+10", 10n],
    ["0x1F", 31n],
    ["-0X1f", -31n],
    ["0b101", 5n],
    ["0o17", 15n],
    ["017", 15n],
    ["00", 0n],
    ["1_000", 1000n],
    ["0x_ff", 255n],
    ["0_7", 7n],
    ["9223372036854775807", 9223372036854775807n],
  ] as const) {
    assert.equal(parseGoInteger(text), value, text);
  }
  const refused = ["", "-", "1.5", "1e3", "08", "0x", "_1", "1_", "1__0", " 1", "--1", "1n", "\u0661", "9".repeat(500)];
  for (const text of refused) assert.equal(parseGoInteger(text), undefined, text);
});

test("durations are Go's, in milliseconds", () => {
  for (const [text, ms] of [
    ["0", 0],
    ["1m30s", 90_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1.s", 1_000],
    ["+2s", 2_000],
    ["250us", 0.25],
    ["250\u00b5s", 0.25],
    ["250\u03bcs", 0.25],
    ["1h1m1s1ms", 3_661_001],
    ["1s1m", 61_000],
  ] as const) {
    assert.equal(parseGoDuration(text), ms, text);
  }
  for (const text of ["", "30", "-1s", "1d", "s", "1 s", "1s ", ".s", "1m30", "1e3s", "9999999999h"]) {
    assert.equal(parseGoDuration(text), undefined, text);
  }
});
