import type { HostEvent } from "../host-event.ts";
import type { JournalDrop, JournaledEvent, JournalStream } from "../journal/journal-stream.ts";
import type { DeliveryQueue, QueuedEvent } from "./delivery-queue.ts";
import { estimateEventBytes } from "./event-size.ts";
import { laneKey } from "./lane-key.ts";

export interface BacklogOptions {
  readonly stream: JournalStream;
  readonly queue: DeliveryQueue;
  /** Estimated memory of the events that are read ahead. */
  readonly windowBytes: number;
  /** Events have been read. */
  readonly onRead: () => void;
  /** A row of the journal is no event; it is left out. */
  readonly onUnreadable: () => void;
  readonly onReadFailed: (error: unknown) => void;
  readonly onDropped: (drop: JournalDrop) => void;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
}

const pageEvents = 500;
const retryReadMs = 1_000;
/** More of one key are left in the journal: a user whose events fail must not fill the memory that all share. */
const maxLaneEvents = 256;

/**
 * The events of one stream of the journal in the memory of a queue: all of them while they are few, else a window of the
 * oldest that is filled up from the journal as it empties. Nothing of a key gets past what was put down before it.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  /** What is up to here is in the queue, dealt with, or in {@link #left}. */
  #throughSeq: number;
  /** Keys of which some events were left in the journal, from the first to the last of them. */
  readonly #left = new Map<string, { firstSeq: number; lastSeq: number }>();
  /** Keys of {@link #left} whose part in the queue has become small. */
  readonly #wanting = new Set<string>();
  #isReading = false;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: BacklogOptions) {
    const { stream } = options;
    this.#options = options;
    this.#throughSeq = stream.count === 0 ? stream.lastSeq : 0;
    stream.onDropped((drop) => this.#forget(drop));
  }

  /** Every event that waits, wherever it is. */
  get length(): number {
    return this.#options.stream.count;
  }

  /** Takes an event in that has just got its place in the journal. */
  accept(appended: JournaledEvent, lastSeqBefore: number): void {
    const { queue, windowBytes } = this.#options;
    if (this.#throughSeq !== lastSeqBefore || queue.bytes >= windowBytes) return;
    this.#place(appended);
    this.#throughSeq = appended.seq;
  }

  /** The event need not be delivered again. Its key's next ones may be. */
  finish(queued: QueuedEvent): void {
    if (queued.seq !== undefined) this.#options.stream.acknowledge(queued.seq);
    const key = laneKey(queued.event);
    if (this.#left.has(key) && this.#options.queue.lengthOf(key) < maxLaneEvents / 2) this.#wanting.add(key);
    this.refill();
  }

  /** Reads on where there is room. */
  refill(): void {
    if (this.#isReading || this.#closed || this.#cancelRetry !== undefined) return;
    const { queue, stream, windowBytes } = this.#options;
    const [wanting] = this.#wanting;
    if (wanting !== undefined) void this.#readSafely(() => this.#readLane(wanting));
    else if (this.#throughSeq < stream.lastSeq && queue.bytes < windowBytes / 2) {
      void this.#readSafely(() => this.#readPage());
    }
  }

  /** Reads no more. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  async #readSafely(read: () => Promise<void>): Promise<void> {
    this.#isReading = true;
    try {
      await read();
    } catch (error) {
      if (this.#closed) return;
      this.#options.onReadFailed(error);
      this.#cancelRetry = this.#options.schedule(retryReadMs, () => {
        this.#cancelRetry = undefined;
        this.refill();
      });
    } finally {
      this.#isReading = false;
    }
    this.refill();
  }

  async #readPage(): Promise<void> {
    const { queue, stream, windowBytes } = this.#options;
    const throughSeq = stream.lastSeq;
    const page = await stream.read({ afterSeq: this.#throughSeq, throughSeq, limit: pageEvents });
    if (this.#closed) return;
    for (const found of page.events) {
      if (queue.bytes >= windowBytes) {
        this.#options.onRead();
        return;
      }
      if (found.event === undefined) this.#skip(found.seq);
      else this.#place(found);
      this.#throughSeq = found.seq;
    }
    if (!page.hasMore) {
      this.#throughSeq = throughSeq;
      this.#recount();
    }
    this.#options.onRead();
  }

  async #readLane(key: string): Promise<void> {
    const { queue, stream } = this.#options;
    const left = this.#left.get(key);
    if (left === undefined) {
      this.#wanting.delete(key);
      return;
    }
    const throughSeq = left.lastSeq;
    const limit = Math.max(1, maxLaneEvents - queue.lengthOf(key));
    const page = await stream.read({ afterSeq: left.firstSeq - 1, throughSeq, lane: key, limit });
    this.#wanting.delete(key);
    if (this.#closed) return;
    for (const found of page.events) {
      if (found.event === undefined) this.#skip(found.seq);
      else this.#enqueue(found, key);
      left.firstSeq = found.seq + 1;
    }
    if (!page.hasMore) left.firstSeq = throughSeq + 1;
    if (left.firstSeq > left.lastSeq) this.#left.delete(key);
    else if (queue.lengthOf(key) < maxLaneEvents / 2) this.#wanting.add(key);
    if (this.#throughSeq === stream.lastSeq) this.#recount();
    this.#options.onRead();
  }

  #place(found: JournaledEvent): void {
    const key = laneKey(found.event);
    const left = this.#left.get(key);
    if (left !== undefined) left.lastSeq = found.seq;
    else if (this.#options.queue.lengthOf(key) < maxLaneEvents) this.#enqueue(found, key);
    else this.#left.set(key, { firstSeq: found.seq, lastSeq: found.seq });
  }

  #enqueue({ event, id, seq }: { event: HostEvent; id: string; seq: number }, key: string): void {
    this.#options.queue.add(key, {
      event,
      id,
      seq,
      sizeBytes: estimateEventBytes(event),
      attempts: 0,
      waitsForRetry: false,
      refusedSinceMs: undefined,
    });
  }

  #skip(seq: number): void {
    this.#options.stream.acknowledge(seq);
    this.#options.onUnreadable();
  }

  #forget(drop: JournalDrop): void {
    const { queue } = this.#options;
    queue.remove(({ seq }) => seq !== undefined && drop.covers(seq));
    // What is under way is no longer the journal's.
    for (const queued of queue.heads()) {
      if (queued.seq !== undefined && drop.covers(queued.seq)) queued.seq = undefined;
    }
    for (const key of this.#left.keys()) if (queue.lengthOf(key) < maxLaneEvents / 2) this.#wanting.add(key);
    this.#options.onDropped(drop);
    this.refill();
  }

  /** With everything in the queue, what is counted is what is there: rows may have been lost with a damaged file. */
  #recount(): void {
    const { queue, stream } = this.#options;
    if (this.#left.size > 0) return;
    let gone = 0;
    for (const { seq } of queue.heads()) if (seq === undefined) gone++;
    stream.correctCount(queue.length - gone);
  }
}
