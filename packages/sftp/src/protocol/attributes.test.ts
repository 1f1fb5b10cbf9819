import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FileAttributes } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";
import { decodeAttributes, encodeAttributes } from "./attributes.ts";
import { PacketReader } from "./packet-reader.ts";
import { PacketWriter } from "./packet-writer.ts";

/** Hexadecimal digits without the spaces that set the fields apart. */
function compact(hex: string): string {
  return hex.replaceAll(" ", "");
}

function encode(attributes: FileAttributes): string {
  const writer = new PacketWriter();
  encodeAttributes(writer, attributes);
  return writer.take().toString("hex");
}

function decode(hex: string): FileAttributes {
  return decodeAttributes(new PacketReader(Buffer.from(compact(hex), "hex")));
}

const CASES: readonly (readonly [what: string, attributes: FileAttributes, hex: string])[] = [
  ["nothing", {}, "00000000"],
  ["a size beyond 32 bits", { sizeBytes: 2n ** 40n }, "00000001 0000010000000000"],
  ["the largest size", { sizeBytes: 2n ** 64n - 1n }, "00000001 ffffffffffffffff"],
  ["an owner", { uid: 1000, gid: 0xffff_ffff }, "00000002 000003e8 ffffffff"],
  ["a mode", { mode: 0o100644 }, "00000004 000081a4"],
  ["times", { accessTimeS: 1, modifyTimeS: 0xffff_ffff }, "00000008 00000001 ffffffff"],
  [
    "everything",
    { sizeBytes: 1n, uid: 2, gid: 3, mode: 4, accessTimeS: 5, modifyTimeS: 6 },
    "0000000f 0000000000000001 00000002 00000003 00000004 00000005 00000006",
  ],
];

describe("attributes", () => {
  for (const [what, attributes, spaced] of CASES) {
    const hex = compact(spaced);
    it(`hold ${what}`, () => {
      assert.equal(encode(attributes), hex);
      assert.deepEqual(decode(hex), attributes);
    });

    it(`are refused when ${what} is cut short`, () => {
      for (let length = 0; length < hex.length; length += 2) {
        assert.throws(
          () => decode(hex.slice(0, length)),
          (error) => SftpError.is(error, "BAD_MESSAGE"),
        );
      }
    });
  }

  it("pass vendor attributes over", () => {
    const vendor = "00000001 61 00000002 6262";
    const hex = "80000004 000001ff 00000002" + vendor + vendor;
    assert.deepEqual(decode(hex), { mode: 0o777 });
  });

  it("are refused with more vendor attributes than the packet holds", () => {
    assert.throws(
      () => decode("80000000 7fffffff"),
      (error) => SftpError.is(error, "BAD_MESSAGE"),
    );
  });

  it("ignore flags that version 3 does not know", () => {
    assert.deepEqual(decode("00000014 000001ff"), { mode: 0o777 });
  });

  it("are sent with times that fit in 32 bits", () => {
    assert.equal(encode({ accessTimeS: -5, modifyTimeS: 2 ** 40 }), compact("00000008 00000000 ffffffff"));
    assert.equal(encode({ modifyTimeS: 7.9 }), compact("00000008 00000007 00000007"));
  });
});
