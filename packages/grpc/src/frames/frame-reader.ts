import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./frame-types.ts";
import { Http2Error } from "./http2-error.ts";

/** Takes frames where they lie: the payload is `bytes[start, end)` and is only valid during the call. */
export interface FrameSink {
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  /** Asked before each frame; once false the rest of the input is dropped. */
  readonly acceptsFrames: boolean;
}

/**
 * Cuts a byte stream into frames without copying: only a frame that is not whole yet is kept, in one buffer of one
 * frame's size.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #tail: Buffer | undefined;
  #tailBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws {Http2Error} FRAME_SIZE_ERROR, and whatever the sink throws. */
  receive(bytes: Buffer): void {
    let offset = this.#tailBytes > 0 ? this.#completeTail(bytes) : 0;
    while (this.#sink.acceptsFrames && bytes.length - offset >= FRAME_HEADER_BYTES) {
      const payloadBytes = payloadLength(bytes, offset);
      const end = offset + FRAME_HEADER_BYTES + payloadBytes;
      if (end > bytes.length) break;
      this.#emit(bytes, offset, end);
      offset = end;
    }
    if (this.#sink.acceptsFrames && offset < bytes.length) this.#keep(bytes, offset, bytes.length);
  }

  /** Fills the kept frame from the new bytes and returns how many of them it took. */
  #completeTail(bytes: Buffer): number {
    const tail = this.#tail!;
    let offset = 0;
    if (this.#tailBytes < FRAME_HEADER_BYTES) {
      offset = this.#keep(bytes, 0, FRAME_HEADER_BYTES - this.#tailBytes);
      if (this.#tailBytes < FRAME_HEADER_BYTES) return offset;
    }
    const frameBytes = FRAME_HEADER_BYTES + payloadLength(tail, 0);
    offset = this.#keep(bytes, offset, offset + frameBytes - this.#tailBytes);
    if (this.#tailBytes < frameBytes) return offset;
    this.#tailBytes = 0;
    this.#emit(tail, 0, frameBytes);
    return offset;
  }

  #keep(bytes: Buffer, start: number, wantedEnd: number): number {
    const end = Math.min(wantedEnd, bytes.length);
    this.#tail ??= Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + MAX_FRAME_BYTES);
    this.#tailBytes += bytes.copy(this.#tail, this.#tailBytes, start, end);
    return end;
  }

  #emit(bytes: Buffer, offset: number, end: number): void {
    const streamId =
      (bytes[offset + 5]! & 0x7f) * 0x100_0000 +
      ((bytes[offset + 6]! << 16) | (bytes[offset + 7]! << 8) | bytes[offset + 8]!);
    this.#sink.onFrame(bytes[offset + 3]!, bytes[offset + 4]!, streamId, bytes, offset + FRAME_HEADER_BYTES, end);
  }
}

/** Checked as soon as the header is there, so that a frame too large is never waited for (§4.2). */
function payloadLength(bytes: Buffer, offset: number): number {
  const length = (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!;
  if (length > MAX_FRAME_BYTES) {
    throw new Http2Error("FRAME_SIZE_ERROR", `a frame of ${length} bytes exceeds the limit of ${MAX_FRAME_BYTES}`);
  }
  return length;
}
