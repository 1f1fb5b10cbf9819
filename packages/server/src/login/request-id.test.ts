import assert from "node:assert/strict";
import { test } from "node:test";

import { createRequestId } from "./request-id.ts";

test("ids have 20 digits, differ, and sort by time", () => {
  const ids = Array.from({ length: 1000 }, (_, second) => createRequestId(1_700_000_000_000 + second * 1000));
  assert.equal(new Set(ids).size, 1000);
  assert.deepEqual(ids, ids.toSorted());
  for (const id of ids) {
    assert.match(id, /^[0-9a-v]{20}$/);
  }
});

test("the first digits are the seconds", () => {
  assert.equal(createRequestId(0x65539100 * 1000).slice(0, 6), expected(0x65539100));
});

function expected(seconds: number): string {
  const bits = seconds.toString(2).padStart(32, "0");
  const digits = bits.match(/.{5}/g) ?? [];
  return digits.map((digit) => Number.parseInt(digit, 2).toString(32)).join("");
}
