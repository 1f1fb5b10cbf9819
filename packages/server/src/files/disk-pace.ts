/** A call on the event loop that takes longer was not served from memory. */
const SLOW_MS = 10;
/** How long the disk is then left to the thread pool. */
const REST_MS = 5_000;

/**
 * Watches whether the disk is quick enough to be used from the event loop's own thread.
 *
 * Making a small file takes three calls that only change memory (page cache, journal in memory), 5–20 µs each; a hop
 * through the thread pool costs 40–100 µs of waiting on top, for a client that sends one request after another. But the
 * kernel makes writers wait when too much is unwritten (dirty throttling, up to 200 ms a call) or the journal is full,
 * and then every session would wait with one. So the first slow call sends all of them to the pool for a while: the
 * event loop loses at most one such call in 5 s.
 */
export class DiskPace {
  readonly #nowMs: () => number;
  #restUntilMs = -Infinity;

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
      if (endMs - startMs > SLOW_MS) this.#restUntilMs = endMs + REST_MS;
    }
  }
}

/** One for the whole process: what throttles one session's writes throttles all. */
export const diskPace = new DiskPace();
