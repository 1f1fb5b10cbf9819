import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrameReader } from "./frame-reader.ts";
import { FRAME_HEADER_BYTES, TYPE_DATA, TYPE_PING, TYPE_WINDOW_UPDATE, writeFrameHeader } from "./frame.ts";
import { YamuxError } from "./yamux-error.ts";

function frame(type: number, flags: number, streamId: number, length: number, payload = ""): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  writeFrameHeader(header, 0, { type, flags, streamId, length });
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** Reads `bytes` in pieces of the given size and returns what the sink saw, payloads joined. */
function read(bytes: Buffer, pieceBytes: number): string[] {
  const seen: string[] = [];
  let payload = "";
  const reader = new FrameReader({
    acceptsFrames: true,
    onFrame: (...fields) => seen.push(fields.join(" ")),
    onPayload(piece, isLast) {
      payload += piece.toString("latin1");
      if (!isLast) return;
      seen.push(payload);
      payload = "";
    },
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.receive(bytes.subarray(at, at + pieceBytes));
  return seen;
}

describe("FrameReader", () => {
  it("reads the same frames however the bytes are cut", () => {
    const bytes = Buffer.concat([
      frame(TYPE_WINDOW_UPDATE, 1, 1, 0),
      frame(TYPE_DATA, 2, 0xffff_fffe, 5, "hello"),
      frame(TYPE_DATA, 4, 3, 0),
      frame(TYPE_PING, 0xff, 0, 0xffff_ffff),
      frame(TYPE_DATA, 0, 1, 3, "abc"),
    ]);
    const expected = ["1 1 1 0", "0 2 4294967294 5", "hello", "0 4 3 0", "2 255 0 4294967295", "0 0 1 3", "abc"];
    for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++)
      assert.deepEqual(read(bytes, pieceBytes), expected);
  });

  it("refuses other versions, unknown types and payloads larger than any window", () => {
    const version = frame(TYPE_PING, 0, 0, 0);
    version[0] = 1;
    for (const bytes of [
      version,
      frame(4, 0, 1, 0),
      frame(TYPE_DATA, 0, 1, 262_145),
      frame(TYPE_DATA, 0, 1, 2 ** 32 - 1),
    ]) {
      assert.throws(
        () => read(bytes, bytes.length),
        (error) => error instanceof YamuxError && error.code === "protocol",
      );
    }
  });

  it("drops what follows when its owner takes no more", () => {
    const sink = {
      acceptsFrames: true,
      frames: 0,
      onFrame: () => (sink.acceptsFrames = ++sink.frames < 2),
      onPayload() {},
    };
    new FrameReader(sink).receive(Buffer.concat(Array.from({ length: 5 }, () => frame(TYPE_PING, 1, 0, 0))));
    assert.equal(sink.frames, 2);
  });
});
