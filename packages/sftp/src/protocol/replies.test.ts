import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketWriter } from "./packet-writer.ts";
import {
  encodeAttributesReply,
  encodeDataHeader,
  encodeHandle,
  encodeLimits,
  encodeNames,
  encodePath,
  encodeStatus,
  encodeUserGroupNames,
  encodeVersion,
} from "./replies.ts";

/** Hexadecimal digits without the spaces that set the fields apart. */
function compact(hex: string): string {
  return hex.replaceAll(" ", "");
}

function encode(write: (writer: PacketWriter) => void): string {
  const writer = new PacketWriter();
  write(writer);
  return writer.take().toString("hex");
}

describe("replies", () => {
  it("VERSION announces what is offered", () => {
    assert.equal(
      encode((writer) => encodeVersion(writer, (kind) => kind === "copy-data")),
      compact(`00000017 02 00000003 00000009 ${Buffer.from("copy-data").toString("hex")} 00000001 31`),
    );
  });

  it("STATUS has a code, a message and no language", () => {
    assert.equal(
      encode((writer) => encodeStatus(writer, 7, "EOF", "é")),
      compact("00000013 65 00000007 00000001 00000002 c3a9 00000000"),
    );
  });

  it("STATUS keeps its message short", () => {
    const writer = new PacketWriter();
    encodeStatus(writer, 7, "FAILURE", "x".repeat(100_000));
    assert.ok(writer.length < 600);
  });

  it("HANDLE is four bytes", () => {
    assert.equal(
      encode((writer) => encodeHandle(writer, 7, 9)),
      compact("0000000d 66 00000007 00000004 00000009"),
    );
  });

  it("DATA stands behind its header", () => {
    const reply = Buffer.alloc(15, 0xee);
    encodeDataHeader(reply, 7, 2);
    assert.equal(reply.toString("hex"), compact("0000000b 67 00000007 00000002 eeee"));
  });

  it("ATTRS holds attributes", () => {
    assert.equal(
      encode((writer) => encodeAttributesReply(writer, 7, { mode: 1 })),
      compact("0000000d 69 00000007 00000004 00000001"),
    );
  });

  it("NAME of a path says it twice, without attributes", () => {
    assert.equal(
      encode((writer) => encodePath(writer, 7, "/")),
      compact("00000017 68 00000007 00000001 000000012f 000000012f 00000000"),
    );
  });

  it("NAME takes entries as far as they fit, and one that does not", () => {
    const entries = ["a", "b", "c"].map((name) => ({ name: name.repeat(40), longName: name, attributes: {} }));
    const writer = new PacketWriter();
    assert.equal(encodeNames(writer, 7, entries, 130), 2);
    assert.equal(writer.take().readUInt32BE(9), 2);
    assert.equal(encodeNames(writer, 7, entries, 10), 1);
    assert.equal(encodeNames(writer, 7, entries, 10_000), 3);
  });

  it("limits are four 64-bit numbers", () => {
    const limits = { packetBytes: 1, readBytes: 2, writeBytes: 3, handles: 4 };
    assert.equal(
      encode((writer) => encodeLimits(writer, 7, limits)),
      compact("00000025 c9 00000007 0000000000000001 0000000000000002 0000000000000003 0000000000000004"),
    );
  });

  it("user and group names are strings in strings", () => {
    assert.equal(
      encode((writer) => encodeUserGroupNames(writer, 7, { users: ["a", ""], groups: [] })),
      compact("00000016 c9 00000007 00000009 0000000161 00000000 00000000"),
    );
  });

  it("follow each other in one buffer, and leave nothing behind", () => {
    const writer = new PacketWriter();
    for (let id = 0; id < 1000; id += 1) encodeStatus(writer, id, "OK", "Success");
    const first = writer.take();
    assert.equal(first.length, 1000 * (4 + 1 + 4 + 4 + 4 + 7 + 4));
    assert.equal(first.readUInt32BE(999 * 28 + 5), 999);
    assert.equal(writer.take().length, 0);
    encodeHandle(writer, 1, 2);
    assert.equal(first.readUInt32BE(0), 24, "what was taken is not written to again");
  });
});
