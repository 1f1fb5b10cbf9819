import { MAX_LINE_BYTES } from "../protocol/constants.ts";

/** A line, or a piece of one that is longer than the limit. */
export interface LinePiece {
  readonly text: string;
  /** False for every piece of a line over the limit. */
  readonly whole: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into lines of bounded length: a longer line comes out in pieces of the limit, never buffered as a
 * whole. The newline and a carriage return before it are dropped.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  #unread: Buffer = EMPTY;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #inLongLine = false;

  constructor(limitBytes: number = MAX_LINE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** The chunk must stay as it is until {@link next} returned undefined. */
  feed(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
  }

  /** The next line of what was fed; undefined when it takes more. */
  next(): LinePiece | undefined {
    const room = this.#limitBytes - this.#pendingBytes;
    const newline = this.#unread.subarray(0, room + 1).indexOf(LF);
    if (newline !== -1) {
      const isWhole = !this.#inLongLine;
      this.#inLongLine = false;
      this.#keep(this.#unread.subarray(0, newline));
      this.#unread = this.#unread.subarray(newline + 1);
      return this.#take(isWhole);
    }
    if (this.#unread.length > room) {
      this.#inLongLine = true;
      this.#keep(this.#unread.subarray(0, room));
      this.#unread = this.#unread.subarray(room);
      return this.#take(false);
    }
    // A copy: the caller may reuse its buffer.
    if (this.#unread.length > 0) this.#keep(Buffer.from(this.#unread));
    this.#unread = EMPTY;
    return undefined;
  }

  /** Drops the whole lines that were fed and not read, but for the last `keep`, and says how many; much cheaper than reading. */
  skip(keep: number): number {
    let end = this.#unread.lastIndexOf(LF);
    for (let kept = 0; kept < keep && end !== -1; kept++) {
      end = end === 0 ? -1 : this.#unread.lastIndexOf(LF, end - 1);
    }
    if (end === -1) return 0;
    const skipped = countLines(this.#unread.subarray(0, end + 1));
    this.#unread = this.#unread.subarray(end + 1);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#inLongLine = false;
    return skipped;
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

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === LF) lines++;
  return lines;
}
