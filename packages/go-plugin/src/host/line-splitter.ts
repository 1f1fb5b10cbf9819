import { MAX_LINE_BYTES } from "../protocol/constants.ts";

/** A line, or a piece of one that is longer than the limit. */
export interface LinePiece {
  readonly text: string;
  /** False for every piece of a line over the limit. */
  readonly whole: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a byte stream into lines of bounded length: a longer line comes out in pieces of the limit, never buffered as a
 * whole. The newline and a carriage return before it are dropped.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #inLongLine = false;

  constructor(limitBytes: number = MAX_LINE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Uint8Array): LinePiece[] {
    const pieces: LinePiece[] = [];
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      const room = this.#limitBytes - this.#pendingBytes;
      const newline = rest.subarray(0, room + 1).indexOf(LF);
      if (newline !== -1) {
        this.#keep(rest.subarray(0, newline));
        pieces.push(this.#take(!this.#inLongLine));
        this.#inLongLine = false;
        rest = rest.subarray(newline + 1);
      } else if (rest.length > room) {
        this.#keep(rest.subarray(0, room));
        this.#inLongLine = true;
        pieces.push(this.#take(false));
        rest = rest.subarray(room);
      } else {
        // The caller may reuse its buffer.
        this.#keep(Buffer.from(rest));
        rest = rest.subarray(rest.length);
      }
    }
    return pieces;
  }

  /** What came after the last newline, at the end of the stream. */
  finish(): LinePiece[] {
    if (this.#pendingBytes === 0) return [];
    const last = this.#take(!this.#inLongLine);
    this.#inLongLine = false;
    return [last];
  }

  #keep(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #take(whole: boolean): LinePiece {
    const bytes = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    const end = whole && bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    return { text: bytes.toString("utf8", 0, end), whole };
  }
}
