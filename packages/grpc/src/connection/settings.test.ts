import assert from "node:assert/strict";
import { test } from "node:test";

import { Http2Error } from "../frames/http2-error.ts";
import { applySettings, initialPeerSettings, type PeerSettings } from "./settings.ts";

function apply(
  entries: readonly (readonly [id: number, value: number])[],
  peer: "client" | "server" = "server",
): PeerSettings {
  const bytes = Buffer.alloc(entries.length * 6);
  for (const [i, [id, value]] of entries.entries()) {
    bytes.writeUInt16BE(id, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  }
  const settings = initialPeerSettings();
  applySettings(settings, { bytes, start: 0, end: bytes.length }, peer);
  return settings;
}

test("values are taken, the last of each id counts, unknown ids do not", () => {
  const settings = apply([
    [1, 100],
    [3, 7],
    [4, 1],
    [4, 2],
    [5, 20_000],
    [6, 300],
    [0xabcd, 1],
  ]);
  assert.deepEqual(settings, {
    headerTableBytes: 100,
    maxConcurrentStreams: 7,
    initialWindowBytes: 2,
    maxFrameBytes: 16_384,
    maxHeaderListBytes: 300,
  });
});

test("values out of range end the connection with the code of RFC 9113 §6.5.2", () => {
  const table: readonly (readonly [id: number, value: number, code: string])[] = [
    [2, 2, "PROTOCOL_ERROR"],
    [2, 1, "PROTOCOL_ERROR"],
    [4, 0x8000_0000, "FLOW_CONTROL_ERROR"],
    [5, 16_383, "PROTOCOL_ERROR"],
    [5, 0x100_0000, "PROTOCOL_ERROR"],
  ];
  for (const [id, value, code] of table) {
    assert.throws(
      () => apply([[id, value]]),
      (error) => error instanceof Http2Error && error.code === code,
      `${id} ${value}`,
    );
  }
});

test("a client may allow pushing: we never do", () => {
  apply([[2, 1]], "client");
});

test("a payload that is not whole is FRAME_SIZE_ERROR", () => {
  const payload = { bytes: Buffer.alloc(7), start: 0, end: 7 };
  assert.throws(() => applySettings(initialPeerSettings(), payload, "client"), { code: "FRAME_SIZE_ERROR" });
});
