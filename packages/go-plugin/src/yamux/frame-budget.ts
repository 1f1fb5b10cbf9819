import { YamuxError } from "./yamux-error.ts";

/**
 * A budget that is spent by frames which cost us work and the peer nothing, and comes back with time and with content.
 * Far above what an honest peer ever needs.
 */
export class FrameBudget {
  readonly #what: string;
  readonly #capacity: number;
  readonly #refillPerSecond: number;
  readonly #now: () => number;
  #left: number;
  #refilledAtMs: number;

  /** `now` is a clock in milliseconds. */
  constructor(options: {
    readonly what: string;
    readonly capacity: number;
    readonly refillPerSecond: number;
    readonly now?: () => number;
  }) {
    this.#what = options.what;
    this.#capacity = options.capacity;
    this.#refillPerSecond = options.refillPerSecond;
    this.#now = options.now ?? (() => performance.now());
    this.#left = options.capacity;
    this.#refilledAtMs = this.#now();
  }

  /** @throws {YamuxError} `flood` when nothing is left. */
  spend(): void {
    if (--this.#left >= 0) return;
    const nowMs = this.#now();
    const refill = Math.floor(((nowMs - this.#refilledAtMs) * this.#refillPerSecond) / 1000);
    if (refill < 1) throw new YamuxError("flood", `too many ${this.#what}`);
    this.#left = Math.min(this.#capacity, refill) - 1;
    this.#refilledAtMs = nowMs;
  }

  earn(amount: number): void {
    this.#left = Math.min(this.#capacity, this.#left + amount);
  }
}

/** Pings, window updates, FINs, empty DATA, frames for streams that are gone. */
export function createIdleFrameBudget(): FrameBudget {
  return new FrameBudget({ what: "frames without content", capacity: 10_000, refillPerSecond: 1_000 });
}

/**
 * What one DATA frame with content, in either direction, earns back of the idle frame budget: honest peers send the others
 * in proportion.
 */
export const IDLE_FRAMES_PER_CONTENT_FRAME = 8;

/** Streams that were opened only to be reset, by either side. */
export function createResetBudget(): FrameBudget {
  return new FrameBudget({ what: "stream resets", capacity: 2_000, refillPerSecond: 1_000 });
}
