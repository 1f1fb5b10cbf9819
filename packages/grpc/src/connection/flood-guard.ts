import { Http2Error } from "../frames/http2-error.ts";

/**
 * A budget that is spent by a kind of frame which costs us work and the peer nothing, and comes back with time and
 * with honest work. A peer that empties it is not talking, it is attacking.
 */
export class FloodBudget {
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

  /** @throws {Http2Error} ENHANCE_YOUR_CALM when nothing is left. */
  spend(): void {
    if (--this.#left >= 0) return;
    const nowMs = this.#now();
    const refill = Math.floor(((nowMs - this.#refilledAtMs) * this.#refillPerSecond) / 1000);
    if (refill < 1) throw new Http2Error("ENHANCE_YOUR_CALM", `too many ${this.#what}`);
    this.#left = Math.min(this.#capacity, refill) - 1;
    this.#refilledAtMs = nowMs;
  }

  earn(amount: number): void {
    if (this.#left < this.#capacity) this.#left += amount;
  }
}

/**
 * Streams opened and reset at once (CVE-2023-44487). Far above what a host that cancels calls does, far below what
 * hurts: the work behind a reset stream is bounded by counting its handler until it returns. A stream that ends as it
 * should earns one back.
 */
export function createResetBudget(now?: () => number): FloodBudget {
  return new FloodBudget({ what: "stream resets", capacity: 2000, refillPerSecond: 1000, ...(now && { now }) });
}

/**
 * Frames that carry nothing: PING, SETTINGS, PRIORITY, empty DATA, window updates, unknown types (CVE-2019-9511 to
 * 9518). Every DATA or HEADERS frame in either direction earns some back, because honest peers send control frames in
 * proportion: grpc-go pings once a round trip while data comes in.
 */
export function createIdleFrameBudget(now?: () => number): FloodBudget {
  return new FloodBudget({
    what: "frames without content",
    capacity: 10_000,
    refillPerSecond: 1000,
    ...(now && { now }),
  });
}

/** What one frame with content earns back of the idle frame budget. */
export const IDLE_FRAMES_PER_CONTENT_FRAME = 8;
