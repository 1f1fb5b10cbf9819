import assert from "node:assert/strict";
import { test } from "node:test";

import { healthRequestCodec, healthResponseCodec } from "./health-messages.ts";

test("requests and responses have the bytes of health.proto", () => {
  assert.equal(Buffer.from(healthRequestCodec.encode("plugin")).toString("hex"), "0a06706c7567696e");
  assert.equal(healthRequestCodec.encode("").length, 0);
  assert.equal(healthRequestCodec.decode(Buffer.from("0a06706c7567696e", "hex")), "plugin");
  assert.equal(Buffer.from(healthResponseCodec.encode("SERVING")).toString("hex"), "0801");
  assert.equal(healthResponseCodec.encode("UNKNOWN").length, 0);
  assert.equal(healthResponseCodec.decode(Buffer.from("0802", "hex")), "NOT_SERVING");
});

test("long names survive", () => {
  const name = "x".repeat(300);
  assert.equal(healthRequestCodec.decode(healthRequestCodec.encode(name)), name);
});

test("unknown fields are passed over, unknown statuses are UNKNOWN", () => {
  assert.equal(healthRequestCodec.decode(Buffer.from("10071d000000002100000000000000000a0161", "hex")), "a");
  assert.equal(healthResponseCodec.decode(Buffer.from("0863", "hex")), "UNKNOWN");
});

test("what is too large for a name is not looked into", () => {
  const bytes = Buffer.alloc(1024 * 1024, Buffer.from([0x0a, 0]));
  assert.throws(() => healthRequestCodec.decode(bytes), /a health message of 1048576 bytes/);
});

test("truncations and nonsense throw", () => {
  for (const hex of ["0a", "0a06706c", "08", "0880", "0b", "0affffffffff7f", "ffffffffffffffffffffff01"]) {
    assert.throws(() => healthRequestCodec.decode(Buffer.from(hex, "hex")), TypeError, hex);
  }
});
