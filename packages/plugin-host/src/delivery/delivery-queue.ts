import type { HostEvent } from "../host-event.ts";
import { EventLanes } from "./event-lanes.ts";
import type { Lane } from "./event-lanes.ts";
import type { DropReason } from "./retry-rule.ts";

export interface QueuedEvent {
  readonly event: HostEvent;
  readonly id: string;
  readonly sizeBytes: number;
  attempts: number;
  /** Counts towards `retry_queue_max_size`: it failed, or came while the plugin was down. */
  waitsForRetry: boolean;
  /** Its place in the journal; `undefined` for one that is only in memory. Also once the journal has dropped it. */
  seq: number | undefined;
  /** When the plugin first answered that it does not take it, milliseconds of the monotonic clock. */
  refusedSinceMs: number | undefined;
}

export interface QueueBounds {
  /** Estimated memory of its events. */
  readonly maxBytes: number;
  /** Its events that may be under way at once. */
  readonly maxInFlight: number;
  /** Why an event that does not fit is dropped. */
  readonly fullReason: DropReason;
}

/** An event on its way to the plugin; ends with {@link DeliveryQueue.finish} or {@link DeliveryQueue.rest}. */
export interface Turn {
  readonly queue: DeliveryQueue;
  readonly lane: Lane<QueuedEvent>;
  readonly queued: QueuedEvent;
}

/** Events of one plugin that share their bounds, and nothing with those of another queue. */
export class DeliveryQueue {
  readonly bounds: QueueBounds;
  readonly #lanes = new EventLanes<QueuedEvent>();
  readonly #cancelRetries = new Map<Lane<QueuedEvent>, () => void>();
  #inFlight = 0;
  #waitingForRetry = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.bounds = bounds;
  }

  /** Events in it, those under way included. */
  get length(): number {
    return this.#lanes.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waitingForRetry(): number {
    return this.#waitingForRetry;
  }

  /** Events with one key. */
  lengthOf(key: string): number {
    return this.#lanes.lengthOf(key);
  }

  /** The first event of each key. */
  heads(): Iterable<QueuedEvent> {
    return this.#lanes.heads();
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.#bytes + sizeBytes <= this.bounds.maxBytes;
  }

  /** Events with one key keep their order. */
  add(key: string, queued: QueuedEvent): void {
    if (queued.waitsForRetry) this.#waitingForRetry++;
    this.#bytes += queued.sizeBytes;
    this.#lanes.push(key, queued);
  }

  /** The event that may go now, if there is one and it may. */
  take(): Turn | undefined {
    if (this.#inFlight >= this.bounds.maxInFlight) return undefined;
    const lane = this.#lanes.take();
    const queued = lane?.items.head;
    if (lane === undefined || queued === undefined) return undefined;
    this.#inFlight++;
    return { queue: this, lane, queued };
  }

  /** The event was delivered or dropped. */
  finish({ lane, queued }: Turn): void {
    this.#inFlight--;
    this.#lanes.advance(lane);
    this.#forget(queued);
  }

  /** The event failed and keeps its place until `schedule`, which returns how to call it off, wakes it. */
  rest({ lane, queued }: Turn, schedule: (wake: () => void) => () => void): void {
    this.#inFlight--;
    if (!queued.waitsForRetry) this.#waitingForRetry++;
    queued.waitsForRetry = true;
    this.#lanes.rest(lane);
    const cancel = schedule(() => {
      this.#cancelRetries.delete(lane);
      this.#lanes.wake(lane);
    });
    this.#cancelRetries.set(lane, cancel);
  }

  /** Wakes every event that rests. */
  wakeAll(): void {
    this.#cancelTimers();
    this.#lanes.wakeAll();
  }

  /** Takes out every event that is not under way. */
  clear(): readonly QueuedEvent[] {
    this.#cancelTimers();
    return this.remove(() => true);
  }

  /** Takes out events that are not under way. */
  remove(isRemoved: (queued: QueuedEvent) => boolean): readonly QueuedEvent[] {
    const removed = this.#lanes.remove(isRemoved);
    for (const queued of removed) this.#forget(queued);
    return removed;
  }

  #forget(queued: QueuedEvent): void {
    this.#bytes -= queued.sizeBytes;
    if (queued.waitsForRetry) this.#waitingForRetry--;
  }

  #cancelTimers(): void {
    for (const cancel of this.#cancelRetries.values()) cancel();
    this.#cancelRetries.clear();
  }
}
