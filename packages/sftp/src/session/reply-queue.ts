import type { Writable } from "node:stream";
import { PacketWriter } from "../protocol/packet-writer.ts";
import type { FlowBudget } from "./flow-budget.ts";

/** What a chunk in the stream's queue costs besides its bytes. */
const WRITE_OVERHEAD_BYTES = 512;

/** Small replies are not gathered beyond this, even within one turn. */
const MAX_GATHERED_BYTES = 64 * 1024;

interface DataReply {
  readonly bytes: Buffer;
  readonly onTaken: () => void;
}

/**
 * Sends replies: the small ones of one turn of the event loop in one write, DATA replies from their own buffers. The
 * reply to a request that is alone leaves at once.
 *
 * Bytes count against the budget from here until the stream has taken them (its write callback), which is the session's
 * back-pressure towards a client that does not read.
 */
export class ReplyQueue {
  readonly #stream: Writable;
  readonly #budget: FlowBudget;
  readonly #writer = new PacketWriter();
  #data: DataReply[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #flushingSoon = false;

  constructor(stream: Writable, budget: FlowBudget) {
    this.#stream = stream;
    this.#budget = budget;
  }

  /** Queues what `encode` writes; nothing of it when it throws. */
  send(encode: (writer: PacketWriter) => void): void {
    const start = this.#writer.length;
    try {
      encode(this.#writer);
    } catch (error: unknown) {
      this.#writer.rewind(start);
      throw error;
    }
    this.#budget.holdBytes(this.#writer.length - start);
    if (this.#writer.length >= MAX_GATHERED_BYTES) this.flush();
    else this.#scheduleFlush();
  }

  /** Queues a finished DATA reply. `onTaken` is called once, when the stream has no more use for `bytes`. */
  sendData(bytes: Buffer, onTaken: () => void): void {
    this.#data.push({ bytes, onTaken });
    this.#scheduleFlush();
  }

  /** Hands everything queued to the stream; drops it when the stream takes no more. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#flushingSoon = false;
    const small = this.#writer.take();
    const data = this.#data;
    this.#data = [];
    if (!this.#stream.writable) {
      this.#budget.releaseBytes(small.length);
      for (const { onTaken } of data) onTaken();
      return;
    }
    this.#stream.cork();
    if (small.length > 0) this.#write(small);
    for (const { bytes, onTaken } of data) this.#stream.write(bytes, onTaken);
    this.#stream.uncork();
  }

  #write(bytes: Buffer): void {
    this.#budget.holdBytes(WRITE_OVERHEAD_BYTES);
    this.#stream.write(bytes, () => this.#budget.releaseBytes(bytes.length + WRITE_OVERHEAD_BYTES));
  }

  // A client that waits for this one reply, as in uploads of many small files, is not kept waiting for the rest of the
  // turn: that is where plugins hear of its last upload.
  #scheduleFlush(): void {
    if (this.#flushingSoon) return;
    if (this.#budget.requests > 1) {
      this.#flushing ??= setImmediate(() => this.flush());
      return;
    }
    this.#flushingSoon = true;
    process.nextTick(() => {
      if (this.#flushingSoon) this.flush();
    });
  }
}
