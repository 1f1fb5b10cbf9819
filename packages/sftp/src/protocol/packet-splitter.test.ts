import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { SftpError } from "../sftp-error.ts";
import { PacketSplitter } from "./packet-splitter.ts";

describe("packet splitter", () => {
  let lent: Buffer[];
  let splitter: PacketSplitter;

  beforeEach(() => {
    lent = [];
    splitter = new PacketSplitter(100, {
      take: (bytes) => {
        const buffer = Buffer.alloc(bytes + 7);
        lent.push(buffer);
        return buffer;
      },
      give: (buffer) => {
        lent.splice(lent.indexOf(buffer), 1);
      },
    });
  });

  function push(hex: string): Buffer {
    const chunk = Buffer.from(hex.replaceAll(" ", ""), "hex");
    splitter.push(chunk);
    return chunk;
  }

  function next(): string | undefined {
    const packet = splitter.next();
    return packet?.buffer.toString("hex", packet.start, packet.end);
  }

  it("hands out what lies within one chunk in place", () => {
    const chunk = push("00000002aabb 00000001cc");
    const packet = splitter.next();
    assert.equal(packet?.buffer, chunk);
    assert.deepEqual([packet.start, packet.end, packet.lent], [4, 6, undefined]);
    assert.equal(next(), "cc");
    assert.equal(next(), undefined);
    assert.deepEqual(lent, []);
  });

  it("puts together what came in pieces, in a lent buffer", () => {
    push("00000003aa");
    assert.equal(next(), undefined);
    push("bb");
    assert.equal(next(), undefined);
    push("cc 00000001dd");
    const packet = splitter.next();
    assert.equal(packet?.buffer.toString("hex", packet.start, packet.end), "aabbcc");
    assert.equal(packet?.lent, lent[0]);
    assert.equal(next(), "dd");
  });

  it("takes a length that came byte by byte", () => {
    for (const byte of ["00", "00", "00", "01"]) {
      push(byte);
      assert.equal(next(), undefined);
    }
    assert.ok(splitter.endsWithinPacket);
    push("ee");
    assert.equal(next(), "ee");
    assert.ok(!splitter.endsWithinPacket);
  });

  it("refuses lengths out of bounds, in one piece or several", () => {
    for (const hex of ["00000000", "00000065", "80000000", "ffffffff"]) {
      const fresh = new PacketSplitter(100, { take: () => assert.fail("lent"), give: () => undefined });
      fresh.push(Buffer.from(hex, "hex"));
      assert.throws(
        () => fresh.next(),
        (error) => SftpError.is(error, "BAD_MESSAGE"),
      );
      const cut = new PacketSplitter(100, { take: () => assert.fail("lent"), give: () => undefined });
      cut.push(Buffer.from(hex.slice(0, 2), "hex"));
      assert.equal(cut.next(), undefined);
      cut.push(Buffer.from(hex.slice(2), "hex"));
      assert.throws(
        () => cut.next(),
        (error) => SftpError.is(error, "BAD_MESSAGE"),
      );
    }
  });

  it("takes a packet of exactly the limit", () => {
    push(`00000064${"ab".repeat(100)}`);
    assert.equal(next(), "ab".repeat(100));
  });

  it("gives back what it holds when it is dropped", () => {
    push("00000010aabb");
    assert.equal(next(), undefined);
    assert.equal(lent.length, 1);
    splitter.clear();
    assert.equal(lent.length, 0);
  });
});
