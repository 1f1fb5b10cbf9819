import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { derOid, derSequence, derTime, derUnsigned, derValue } from "./der.ts";

describe("DER", () => {
  it("writes short and long lengths", () => {
    assert.equal(derValue(0x04, Buffer.alloc(127)).subarray(0, 2).toString("hex"), "047f");
    assert.equal(derValue(0x04, Buffer.alloc(128)).subarray(0, 3).toString("hex"), "048180");
    assert.equal(derValue(0x04, Buffer.alloc(300)).subarray(0, 4).toString("hex"), "0482012c");
  });

  it("keeps integers positive and minimal", () => {
    assert.equal(derUnsigned(Buffer.from([0, 0, 5])).toString("hex"), "020105");
    assert.equal(derUnsigned(Buffer.from([0x80])).toString("hex"), "02020080");
    assert.equal(derUnsigned(Buffer.from([0])).toString("hex"), "020100");
  });

  it("writes object identifiers", () => {
    assert.equal(derOid("1.2.840.10045.4.3.2").toString("hex"), "06082a8648ce3d040302");
    assert.equal(derOid("2.5.29.17").toString("hex"), "0603551d11");
  });

  it("changes the form of times in 2050", () => {
    assert.equal(derTime(new Date("2049-12-31T23:59:59.900Z")).toString("latin1"), "\u0017\u000d491231235959Z");
    assert.equal(derTime(new Date("2050-01-01T00:00:00Z")).toString("latin1"), "\u0018\u000f20500101000000Z");
  });

  it("joins the items of a sequence", () => {
    assert.equal(
      derSequence(derUnsigned(Buffer.from([1])), derUnsigned(Buffer.from([2]))).toString("hex"),
      "3006020101020102",
    );
  });
});
