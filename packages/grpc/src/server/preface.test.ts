import assert from "node:assert/strict";
import { test } from "node:test";

import { CLIENT_PREFACE } from "../frames/frame-types.ts";
import { PrefaceReader } from "./preface.ts";

test("the preface is found however it is cut, and what follows is kept", () => {
  const bytes = Buffer.concat([CLIENT_PREFACE, Buffer.from("rest")]);
  for (let at = 0; at <= bytes.length; at++) {
    const reader = new PrefaceReader();
    let rest = "";
    for (const piece of [bytes.subarray(0, at), bytes.subarray(at)]) {
      rest += reader.isDone ? piece.toString() : reader.read(piece).toString();
    }
    assert.equal(rest, "rest");
  }
});

test("anything else is noticed at its first wrong octet", () => {
  assert.throws(() => new PrefaceReader().read(Buffer.from("PRX")), { code: "PROTOCOL_ERROR" });
  assert.throws(() => new PrefaceReader().read(Buffer.from([22, 3, 1])), { code: "PROTOCOL_ERROR" });
});
