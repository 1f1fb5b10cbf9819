import assert from "node:assert/strict";
import { test } from "node:test";
import { formatJson, parseJson } from "./json-document.ts";

const texts = [
  '{"quota_size":9223372036854775807,"least":-9223372036854775808,"safe":9007199254740991}',
  '{"b":1,"a":[true,null,"",1.5,-0.25,1e+100],"constructor":{"prototype":{}},"toString":"é€😀"}',
  '{"id":18446744073709551615}',
  "[]",
  "null",
];

for (const text of texts) {
  test(`a round trip keeps every digit and the order of keys: ${text}`, () => {
    assert.equal(formatJson(parseJson(text)), text);
  });
}

test("integers that a number holds are numbers", () => {
  assert.deepEqual(parseJson("[0,-1,9007199254740991,1e3]"), [0, -1, 9_007_199_254_740_991, 1_000]);
  assert.equal(parseJson("9007199254740993"), 9_007_199_254_740_993n);
});

test("a key that copies would inherit from is left out", () => {
  const parsed = parseJson('{"a":{"__proto__":{"admin":true},"b":1},"__proto__":{"admin":true}}');
  assert.deepEqual(Object.keys(Object.assign({}, parsed)), ["a"]);
  assert.equal((Object.assign({}, parsed) as { admin?: unknown }).admin, undefined);
  assert.equal(formatJson(parsed), '{"a":{"b":1}}');
});

test("numbers that none can hold are refused", () => {
  assert.throws(() => parseJson('{"a":1e400}'), RangeError);
});

test("texts too long are refused, either way", () => {
  const long = "x".repeat(5 * 1024 * 1024);
  assert.throws(() => parseJson(JSON.stringify(long)), RangeError);
  assert.throws(() => formatJson({ long }), RangeError);
});

test("nesting without bottom is an error", () => {
  assert.throws(() => parseJson("[".repeat(1_000_000)), Error);
  assert.throws(() => parseJson(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`), Error);
});

for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  test(`${number} is not written as null, which would be no limit`, () => {
    assert.throws(() => formatJson({ filters: { quota_files: number } }), new TypeError(`"quota_files" is ${number}`));
  });
}

test("what has no JSON is an error", () => {
  assert.throws(() => formatJson({ toJSON: () => undefined }), /there is no JSON of this value/);
});
