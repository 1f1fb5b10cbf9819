/** A call on the event loop that takes longer was not served from memory. */
const SLOW_MS = 10;
/** How long the disk is then left to the thread pool; a busy machine looks like a slow disk now and then. */
const FIRST_REST_MS = 200;
/** The longest it comes to when the disk is slow again and again: each rest is twice the one before. */
const MAX_REST_MS = 10_000;
/** A disk that was quick for so long starts anew. */
const FORGIVEN_AFTER_MS = 10_000;

/**
 * Watches whether the disk is quick enough to be used from the event loop's own thread.
 *
 * Making a small file takes three calls that only change memory (page cache, journal in memory), 5–20 µs each; a hop
 * through the thread pool costs 40–100 µs of waiting on top, for a client that sends one request after another. But the
 * kernel makes writers wait when too much is unwritten (dirty throttling, up to 200 ms a call) or the journal is full,
 * and then every session would wait with one. So the first slow call sends all of them to the pool for a while, and the
 * next for longer: on a disk that stays slow the event loop loses one such call in 10 s.
 */
export class DiskPace {
  readonly #nowMs: () => number;
  #restUntilMs = -Infinity;
  #restMs = FIRST_REST_MS;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get isQuick(): boolean {
    return this.#nowMs() >= this.#restUntilMs;
  }

  /** Makes a call and looks how long it took, also when it fails. */
  watch<T>(call: () => T): T {
    const startMs = this.#nowMs();
    try {
      return call();
    } finally {
      const endMs = this.#nowMs();
      if (endMs - startMs > SLOW_MS) this.#rest(endMs);
    }
  }

  #rest(nowMs: number): void {
    const isForgiven = nowMs - this.#restUntilMs > FORGIVEN_AFTER_MS;
    this.#restMs = isForgiven ? FIRST_REST_MS : Math.min(this.#restMs * 2, MAX_REST_MS);
    this.#restUntilMs = nowMs + this.#restMs;
  }
}

/** One for the whole process: what throttles one session's writes throttles all. */
export const diskPace = new DiskPace();
