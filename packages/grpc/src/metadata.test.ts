import assert from "node:assert/strict";
import { test } from "node:test";

import { Metadata } from "./metadata.ts";

test("names are found in any case, values in the order given", () => {
  const metadata = new Metadata([
    ["Key", "1"],
    ["other", "2"],
  ]).append("KEY", "3");
  assert.equal(metadata.get("kEy"), "1");
  assert.deepEqual(metadata.getAll("key"), ["1", "3"]);
  assert.deepEqual(
    [...metadata],
    [
      ["key", "1"],
      ["other", "2"],
      ["key", "3"],
    ],
  );
  assert.equal(metadata.size, 3);
});

test("set replaces every value, delete tells whether there was one", () => {
  const metadata = new Metadata([
    ["a", "1"],
    ["a", "2"],
  ]);
  assert.deepEqual(metadata.set("A", "3").getAll("a"), ["3"]);
  assert.equal(metadata.delete("a"), true);
  assert.equal(metadata.delete("a"), false);
});

test("binary values live under -bin names only, and text under the others", () => {
  const metadata = new Metadata([["x-bin", Uint8Array.of(1)]]);
  assert.deepEqual(metadata.getBinary("x-bin"), Uint8Array.of(1));
  assert.equal(metadata.get("x-bin"), undefined);
  assert.throws(() => metadata.set("x-bin", "text"), TypeError);
  assert.throws(() => metadata.set("x", Uint8Array.of(1)), TypeError);
});

test("what cannot travel as a header is refused, without telling the value", () => {
  for (const name of ["", ":path", "a b", "a\n", "é"]) assert.throws(() => new Metadata([[name, "v"]]), TypeError);
  for (const value of ["a\r\nb", "\0", "é"]) {
    assert.throws(
      () => new Metadata([["name", value]]),
      (error: Error) => error instanceof TypeError && !error.message.includes(value),
    );
  }
});

test("names of Object.prototype are ordinary names", () => {
  const metadata = new Metadata();
  assert.equal(metadata.get("constructor"), undefined);
  assert.equal(metadata.set("__proto__", "x").get("__proto__"), "x");
});
