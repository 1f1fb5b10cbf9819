/** Time, as supervision and delivery see it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
  /** Milliseconds since some moment; never jumps. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs`; returns how to call it off. */
  schedule(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
