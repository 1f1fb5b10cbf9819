import { FRAME_HEADER_BYTES, INITIAL_WINDOW_BYTES, TYPE_DATA, TYPE_GO_AWAY } from "./frame.ts";
import { YamuxError } from "./yamux-error.ts";

export interface FrameSink {
  /** Asked before each frame and piece; once false the rest of the input is dropped. */
  readonly acceptsFrames: boolean;
  onFrame(type: number, flags: number, streamId: number, length: number): void;
  /** A part of the last DATA frame's payload, where it lies in the input. */
  onPayload(piece: Buffer, isLast: boolean): void;
}

/** Cuts a byte stream into frames. Keeps at most one unfinished header: payloads are passed on as they come in. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #payloadBytesLeft = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws {YamuxError} `protocol`, and whatever the sink throws. */
  receive(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#sink.acceptsFrames) {
      if (this.#payloadBytesLeft > 0) at = this.#passOn(bytes, at);
      else if (this.#headerBytes > 0 || bytes.length - at < FRAME_HEADER_BYTES) at = this.#completeHeader(bytes, at);
      else {
        this.#emit(bytes, at);
        at += FRAME_HEADER_BYTES;
      }
    }
  }

  #passOn(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#payloadBytesLeft);
    this.#payloadBytesLeft -= end - start;
    this.#sink.onPayload(bytes.subarray(start, end), this.#payloadBytesLeft === 0);
    return end;
  }

  #completeHeader(bytes: Buffer, start: number): number {
    const taken = bytes.copy(this.#header, this.#headerBytes, start, start + FRAME_HEADER_BYTES - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === FRAME_HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#emit(this.#header, 0);
    }
    return start + taken;
  }

  #emit(bytes: Buffer, at: number): void {
    const version = bytes[at]!;
    const type = bytes[at + 1]!;
    const length = bytes.readUInt32BE(at + 8);
    if (version !== 0) throw new YamuxError("protocol", `a frame has version ${version}, expected 0`);
    if (type > TYPE_GO_AWAY) throw new YamuxError("protocol", `a frame has the unknown type ${type}`);
    // Nobody may send more in one frame than the window we give, on whatever stream.
    if (type === TYPE_DATA && length > INITIAL_WINDOW_BYTES) {
      throw new YamuxError("protocol", `a frame of ${length} bytes exceeds the window of ${INITIAL_WINDOW_BYTES}`);
    }
    if (type === TYPE_DATA) this.#payloadBytesLeft = length;
    this.#sink.onFrame(type, bytes.readUInt16BE(at + 2), bytes.readUInt32BE(at + 4), length);
  }
}
