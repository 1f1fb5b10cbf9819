import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SftpError } from "../sftp-error.ts";
import { NO_HANDLE, PacketReader } from "./packet-reader.ts";

function reader(hex: string): PacketReader {
  return new PacketReader(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

describe("packet reader", () => {
  it("reads fields one after another", () => {
    const packet = reader("05 00000102 0000000100000002 00000003 616263");
    assert.equal(packet.uint8(), 5);
    assert.equal(packet.uint32(), 0x102);
    assert.equal(packet.uint64(), 0x1_0000_0002n);
    assert.equal(packet.bytes().toString(), "abc");
    assert.equal(packet.remainingBytes, 0);
  });

  it("reads within its part of the buffer only", () => {
    const packet = new PacketReader(Buffer.from("ff0000000161ff", "hex"), 1, 6);
    assert.equal(packet.path(), "a");
    assert.throws(
      () => packet.uint8(),
      (error) => SftpError.is(error, "BAD_MESSAGE"),
    );
  });

  it("refuses every field that is cut short", () => {
    for (const read of [
      () => reader("").uint8(),
      () => reader("000000").uint32(),
      () => reader("00000000000000").uint64(),
      () => reader("00000000000000").position(),
      () => reader("00000004616263").bytes(),
      () => reader("00000004616263").path(),
      () => reader("00000004616263").handle(),
      () => reader("ffffffff").bytes(),
    ]) {
      assert.throws(read, (error) => SftpError.is(error, "BAD_MESSAGE"));
    }
  });

  it("reads positions up to the largest safe integer", () => {
    assert.equal(reader("0000000500000001").position(), 5 * 2 ** 32 + 1);
    assert.equal(reader("001fffffffffffff").position(), Number.MAX_SAFE_INTEGER);
    for (const tooLarge of ["0020000000000000", "ffffffffffffffff"]) {
      assert.throws(
        () => reader(tooLarge).position(),
        (error) => SftpError.is(error, "FAILURE"),
      );
    }
  });

  it("takes a string of four bytes as a handle, and no other", () => {
    assert.equal(reader("00000004 fffffffe").handle(), 0xffff_fffe);
    assert.equal(reader("00000000").handle(), NO_HANDLE);
    assert.equal(reader("00000005 0000000001").handle(), NO_HANDLE);
  });

  it("keeps a byte order mark in a path", () => {
    assert.equal(reader("00000004 efbbbf61").path(), "\u{feff}a");
  });

  it("refuses paths that are no text or too long", () => {
    const long = Buffer.concat([Buffer.from("00001001", "hex"), Buffer.alloc(4097, "x")]);
    for (const bytes of [Buffer.from("0000000100", "hex"), Buffer.from("00000001c3", "hex"), long]) {
      assert.throws(
        () => new PacketReader(bytes).path(),
        (error) => SftpError.is(error, "BAD_MESSAGE"),
      );
    }
    assert.equal(
      new PacketReader(Buffer.concat([Buffer.from("00001000", "hex"), Buffer.alloc(4096, "x")])).path().length,
      4096,
    );
  });
});
