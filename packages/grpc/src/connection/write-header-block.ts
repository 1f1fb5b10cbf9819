import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_HEADER_BYTES,
  FRAME_HEADERS,
  MAX_FRAME_BYTES,
} from "../frames/frame-types.ts";
import { writeFrameHeader, type FrameBuffer } from "../frames/frame-writer.ts";

/** Writes a header block given in one or two parts; what exceeds a frame goes into CONTINUATION frames. */
export function writeHeaderBlock(
  out: FrameBuffer,
  streamId: number,
  block: Uint8Array,
  more: Uint8Array | undefined,
  isEnd: boolean,
): void {
  const moreBytes = more === undefined ? 0 : more.length;
  const sizeBytes = block.length + moreBytes;
  if (sizeBytes > MAX_FRAME_BYTES) {
    writeLongBlock(out, streamId, Buffer.concat([block, more ?? new Uint8Array()]), isEnd);
    return;
  }
  const at = out.reserve(FRAME_HEADER_BYTES + sizeBytes);
  const flags = FLAG_END_HEADERS | (isEnd ? FLAG_END_STREAM : 0);
  writeFrameHeader(out.buffer, at, sizeBytes, FRAME_HEADERS, flags, streamId);
  out.buffer.set(block, at + FRAME_HEADER_BYTES);
  if (more !== undefined) out.buffer.set(more, at + FRAME_HEADER_BYTES + block.length);
}

function writeLongBlock(out: FrameBuffer, streamId: number, block: Buffer, isEnd: boolean): void {
  for (let start = 0; start < block.length; start += MAX_FRAME_BYTES) {
    const part = block.subarray(start, start + MAX_FRAME_BYTES);
    const isLast = start + part.length === block.length;
    const type = start === 0 ? FRAME_HEADERS : FRAME_CONTINUATION;
    const flags = (isLast ? FLAG_END_HEADERS : 0) | (start === 0 && isEnd ? FLAG_END_STREAM : 0);
    const at = out.reserve(FRAME_HEADER_BYTES + part.length);
    writeFrameHeader(out.buffer, at, part.length, type, flags, streamId);
    out.buffer.set(part, at + FRAME_HEADER_BYTES);
  }
}
