import {
  FLAG_ACK,
  FRAME_GOAWAY,
  FRAME_HEADER_BYTES,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "./frame-types.ts";
import { toWireErrorCode, type Http2ErrorCode } from "./http2-error.ts";

/** Where frames are written: `reserve` makes room in `buffer` and returns the offset of it. */
export interface FrameBuffer {
  readonly buffer: Buffer;
  reserve(sizeBytes: number): number;
}

export function writeFrameHeader(
  buffer: Buffer,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  buffer[at] = payloadBytes >>> 16;
  buffer[at + 1] = payloadBytes >>> 8;
  buffer[at + 2] = payloadBytes;
  buffer[at + 3] = type;
  buffer[at + 4] = flags;
  writeUint32(buffer, at + 5, streamId);
}

export function writeUint32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

export function readUint32(bytes: Buffer, at: number): number {
  return bytes[at]! * 0x100_0000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

export function writeSettings(out: FrameBuffer, settings: readonly (readonly [id: number, value: number])[]): void {
  const payloadBytes = settings.length * 6;
  let at = out.reserve(FRAME_HEADER_BYTES + payloadBytes);
  writeFrameHeader(out.buffer, at, payloadBytes, FRAME_SETTINGS, 0, 0);
  at += FRAME_HEADER_BYTES;
  for (const [id, value] of settings) {
    out.buffer[at] = id >>> 8;
    out.buffer[at + 1] = id;
    writeUint32(out.buffer, at + 2, value);
    at += 6;
  }
}

export function writeSettingsAck(out: FrameBuffer): void {
  const at = out.reserve(FRAME_HEADER_BYTES);
  writeFrameHeader(out.buffer, at, 0, FRAME_SETTINGS, FLAG_ACK, 0);
}

/** `opaque[start, start + 8)` is what the peer must send back, or what it sent when `flags` says ACK. */
export function writePing(out: FrameBuffer, flags: number, opaque: Uint8Array, start: number): void {
  const at = out.reserve(FRAME_HEADER_BYTES + 8);
  writeFrameHeader(out.buffer, at, 8, FRAME_PING, flags, 0);
  out.buffer.set(opaque.subarray(start, start + 8), at + FRAME_HEADER_BYTES);
}

export function writeRstStream(out: FrameBuffer, streamId: number, code: Http2ErrorCode): void {
  const at = out.reserve(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(out.buffer, at, 4, FRAME_RST_STREAM, 0, streamId);
  writeUint32(out.buffer, at + FRAME_HEADER_BYTES, toWireErrorCode(code));
}

export function writeWindowUpdate(out: FrameBuffer, streamId: number, incrementBytes: number): void {
  const at = out.reserve(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(out.buffer, at, 4, FRAME_WINDOW_UPDATE, 0, streamId);
  writeUint32(out.buffer, at + FRAME_HEADER_BYTES, incrementBytes);
}

/** `debug` is for the reader of the peer's log; cut to 256 characters. */
export function writeGoaway(out: FrameBuffer, lastStreamId: number, code: Http2ErrorCode, debug: string): void {
  const text = Buffer.from(debug.slice(0, 256), "utf8");
  const at = out.reserve(FRAME_HEADER_BYTES + 8 + text.length);
  writeFrameHeader(out.buffer, at, 8 + text.length, FRAME_GOAWAY, 0, 0);
  writeUint32(out.buffer, at + FRAME_HEADER_BYTES, lastStreamId);
  writeUint32(out.buffer, at + FRAME_HEADER_BYTES + 4, toWireErrorCode(code));
  out.buffer.set(text, at + FRAME_HEADER_BYTES + 8);
}
