import type { Duplex } from "node:stream";

import type { FrameBuffer } from "../frames/frame-writer.ts";

/** Holds what some hundred calls say in one turn: one chunk is one plain write. */
const CHUNK_BYTES = 128 * 1024;
/**
 * Small frames do not wait for the end of a long turn: past this they leave, and the peer works on the first calls while
 * the last ones are still put in. Large frames are left together: they cost a system call each.
 */
const EARLY_FLUSH_BYTES = 4 * 1024;
/** Chunks kept for reuse by all connections of the process. */
const MAX_POOLED_CHUNKS = 16;
/** Above this, written or waiting, no more DATA is put in: it stays with its stream. */
const HIGH_WATER_BYTES = 512 * 1024;
/** Above this the peer has stopped reading while it makes us answer: the connection is given up. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

const NO_CHUNK = Buffer.alloc(0);
/** Where frames go that are written after the end. */
const DISCARDED = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const pool: Buffer[] = [];

export interface OutboxOwner {
  /** Room came back after `isFull` was true. */
  onOutboxDrained(): void;
  /** The peer does not read what it makes us write. */
  onOutboxOverflow(): void;
}

/**
 * Frames of one turn of the event loop, gathered into few writes.
 *
 * Chunks go back to the pool in the write callback, and only for kernel sockets: those are done with the bytes then,
 * while other streams (an in-memory pair, an SSH channel) may hand on the very buffer they were given.
 */
export class Outbox implements FrameBuffer {
  buffer: Buffer = NO_CHUNK;
  readonly #stream: Duplex;
  readonly #owner: OutboxOwner;
  readonly #recycles: boolean;
  readonly #flush = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  #used = 0;
  #filled: Buffer[] = [];
  #filledBytes = 0;
  #writtenBytes = 0;
  #scheduled = false;
  #wasFull = false;
  #closed = false;

  constructor(stream: Duplex, owner: OutboxOwner) {
    this.#stream = stream;
    this.#owner = owner;
    // Not `import`: who only loads this package need not wait for it.
    this.#recycles = stream instanceof process.getBuiltinModule("node:net").Socket;
  }

  /** Whether DATA and new calls must wait for `onOutboxDrained`. */
  get isFull(): boolean {
    if (this.#writtenBytes + this.#filledBytes + this.#used < HIGH_WATER_BYTES) return false;
    this.#wasFull = true;
    return true;
  }

  /** Room for up to one frame, contiguous; what is written there leaves at the end of this turn at the latest. */
  reserve(sizeBytes: number): number {
    if (this.#closed) return 0;
    if (this.#used >= EARLY_FLUSH_BYTES && sizeBytes < EARLY_FLUSH_BYTES && this.#recycles) this.flush();
    if (this.#used + sizeBytes > this.buffer.length) this.#nextChunk();
    const at = this.#used;
    this.#used += sizeBytes;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
    return at;
  }

  /** Writes what is there, unless the stream has not taken the last writes yet: then their callback does. */
  flush(force = false): void {
    if (this.#closed || (!force && this.#writtenBytes >= HIGH_WATER_BYTES)) return;
    if (this.#filledBytes === 0) {
      if (this.#used > 0) this.#writeCurrent();
      return;
    }
    this.#stream.cork();
    for (const chunk of this.#filled) this.#write(chunk, chunk.length);
    this.#filled = [];
    this.#filledBytes = 0;
    if (this.#used > 0) this.#writeCurrent();
    this.#stream.uncork();
  }

  /** Drops what was not written. */
  close(): void {
    this.#closed = true;
    this.#filled = [];
    this.#filledBytes = 0;
    this.buffer = DISCARDED;
    this.#used = 0;
  }

  #nextChunk(): void {
    if (this.#used > 0) {
      this.#filled.push(this.buffer.subarray(0, this.#used));
      this.#filledBytes += this.#used;
    }
    this.buffer = pool.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#used = 0;
    // Not at once: the caller is about to write its frame.
    if (this.#filledBytes > MAX_WAITING_BYTES) queueMicrotask(() => this.#owner.onOutboxOverflow());
  }

  #writeCurrent(): void {
    const sizeBytes = this.#used;
    this.#used = 0;
    if (this.#recycles || sizeBytes > CHUNK_BYTES / 2) {
      const chunk = this.buffer;
      this.buffer = NO_CHUNK;
      this.#write(chunk, sizeBytes);
    } else {
      this.#write(Buffer.from(this.buffer.subarray(0, sizeBytes)), sizeBytes);
    }
  }

  #write(chunk: Buffer, sizeBytes: number): void {
    this.#writtenBytes += sizeBytes;
    this.#stream.write(sizeBytes === chunk.length ? chunk : chunk.subarray(0, sizeBytes), (error) => {
      this.#writtenBytes -= sizeBytes;
      if (this.#recycles && !error && pool.length < MAX_POOLED_CHUNKS) recycle(chunk);
      if (this.#writtenBytes < HIGH_WATER_BYTES) this.#resume();
    });
  }

  #resume(): void {
    if (this.#closed) return;
    if (!this.#scheduled && (this.#used > 0 || this.#filledBytes > 0)) this.flush();
    if (this.#wasFull && !this.isFull) {
      this.#wasFull = false;
      this.#owner.onOutboxDrained();
    }
  }
}

function recycle(chunk: Buffer): void {
  // A filled chunk is a view that may be shorter than what it views.
  const whole = chunk.length === CHUNK_BYTES ? chunk : Buffer.from(chunk.buffer, 0, CHUNK_BYTES);
  pool.push(whole);
}
