import type { Duplex } from "node:stream";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "./frame.ts";

/** Headers and small payloads are gathered in blocks of this size. */
const BLOCK_BYTES = 16 * 1024;
/** Larger payloads are written from where they lie: two buffers cost less than copying them. */
const MAX_COPIED_BYTES = 4 * 1024;
/** With this much on its way no more DATA is put in: it stays with its stream. */
const HIGH_WATER_BYTES = 512 * 1024;
/** The peer has stopped reading while it makes us answer: the session is given up. */
const MAX_WAITING_BYTES = HIGH_WATER_BYTES + 1024 * 1024;

export interface OutboxOwner {
  /** Room came back after `isFull` was true. */
  onOutboxDrained(): void;
  /** The peer does not read what it makes us write. */
  onOutboxOverflow(): void;
}

/**
 * Gathers the frames of one callback of the event loop into one write: a small answer leaves at once, and whoever sends
 * much at a time (gRPC gathers a whole turn) does so in one callback.
 */
export class Outbox {
  readonly #transport: Duplex;
  readonly #owner: OutboxOwner;
  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** What of the block is not yet in `pieces`: from here on. */
  #blockStart = 0;
  /** Up to here. */
  #blockEnd = 0;
  #pieces: Uint8Array[] = [];
  #callbacks: (() => void)[] = [];
  #unwrittenBytes = 0;
  #writtenBytes = 0;
  #isScheduled = false;
  #wasFull = false;
  #isClosed = false;

  constructor(transport: Duplex, owner: OutboxOwner) {
    this.#transport = transport;
    this.#owner = owner;
  }

  /** Whether DATA must wait for `onOutboxDrained`. */
  get isFull(): boolean {
    if (this.#unwrittenBytes + this.#writtenBytes < HIGH_WATER_BYTES) return false;
    this.#wasFull = true;
    return true;
  }

  /** A DATA frame's payload follows by `addPayload`, `length` bytes in any number of pieces. */
  addHeader(type: number, flags: number, streamId: number, length: number): void {
    if (this.#isClosed) return;
    this.#reserve(FRAME_HEADER_BYTES);
    writeFrameHeader(this.#block, this.#blockEnd, { type, flags, streamId, length });
    this.#blockEnd += FRAME_HEADER_BYTES;
    this.#count(FRAME_HEADER_BYTES);
  }

  /** True when it is done with the bytes; otherwise they must stay as they are until the transport took them. */
  addPayload(bytes: Uint8Array): boolean {
    if (this.#isClosed) return true;
    const isCopied = bytes.length <= MAX_COPIED_BYTES;
    if (isCopied) {
      this.#reserve(bytes.length);
      this.#block.set(bytes, this.#blockEnd);
      this.#blockEnd += bytes.length;
    } else {
      this.#cutBlock();
      this.#pieces.push(bytes);
    }
    this.#count(bytes.length);
    return isCopied;
  }

  /** Calls back when the transport took everything added so far; never when it is closed before. */
  whenTaken(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  flush(): void {
    this.#cutBlock();
    if (this.#isClosed || this.#pieces.length === 0) return;
    const pieces = this.#pieces;
    const callbacks = this.#callbacks;
    const sizeBytes = this.#unwrittenBytes;
    this.#pieces = [];
    this.#callbacks = [];
    this.#unwrittenBytes = 0;
    this.#writtenBytes += sizeBytes;
    const last = pieces.length - 1;
    if (last > 0) this.#transport.cork();
    for (let i = 0; i < last; i++) this.#transport.write(pieces[i]);
    this.#transport.write(pieces[last], (error) => {
      if (!error) this.#onTaken(sizeBytes, callbacks);
    });
    if (last > 0) this.#transport.uncork();
  }

  /** Drops what was not written. */
  close(): void {
    this.#isClosed = true;
    this.#pieces = [];
    this.#callbacks = [];
    this.#unwrittenBytes = 0;
    this.#blockStart = this.#blockEnd;
  }

  #onTaken(sizeBytes: number, callbacks: readonly (() => void)[]): void {
    this.#writtenBytes -= sizeBytes;
    if (this.#isClosed) return;
    for (const callback of callbacks) callback();
    if (this.#wasFull && !this.isFull) {
      this.#wasFull = false;
      this.#owner.onOutboxDrained();
    }
  }

  #count(sizeBytes: number): void {
    this.#unwrittenBytes += sizeBytes;
    if (this.#unwrittenBytes + this.#writtenBytes > MAX_WAITING_BYTES) this.#owner.onOutboxOverflow();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flushScheduled);
  }

  #reserve(sizeBytes: number): void {
    if (this.#blockEnd + sizeBytes <= BLOCK_BYTES) return;
    this.#cutBlock();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  // The rest of the block stays usable: bytes that were handed on are never written over.
  #cutBlock(): void {
    if (this.#blockStart === this.#blockEnd) return;
    this.#pieces.push(this.#block.subarray(this.#blockStart, this.#blockEnd));
    this.#blockStart = this.#blockEnd;
  }
}
