import assert from "node:assert/strict";
import { test } from "node:test";

import { jsonErrorOffset } from "./json-error-offset.ts";

for (const [text, offset] of [
  ['{"a":1,}', 7],
  ['{"a":[1,,2]}', 8],
  ['{"a":[,]}', 6],
  ['{"a" 1}', 5],
  ["{a:1}", 1],
  ['{"a":1 "b":2}', 7],
  ["[1]]", 3],
  ["[1}", 2],
  ['{"a":tru}', 5],
  ['{"a":1} {', 8],
  ['["line\\x"]', 1],
  ['{"a":01}', 6],
  ['{"a":"', 5],
  ['{"a":', 5],
  ["", 0],
  ["[[[[", 4],
  ['{\n"a": 1\n"b": 2}', 9],
] as const) {
  test(`${JSON.stringify(text)} stops being JSON at ${offset}`, () => {
    assert.throws(() => JSON.parse(text));
    assert.equal(jsonErrorOffset(text), offset);
  });
}

test("what is JSON has its error at the end: nowhere", () => {
  for (const value of [{ a: [1, -2.5e3, "x\n\\", true, null, {}, []] }, [], "text", 0, null]) {
    const text = JSON.stringify(value, null, 2);
    assert.equal(jsonErrorOffset(text), text.length);
  }
});
