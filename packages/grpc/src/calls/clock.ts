/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds from some fixed moment. */
  now(): number;
  /** Runs `task` later and returns how to call it off. A task in the background keeps no process alive. */
  after(delayMs: number, task: () => void, inBackground?: boolean): () => void;
}

/** Node takes no longer timeouts. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, task, inBackground = false) {
    const timer = setTimeout(task, Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(delayMs))));
    if (inBackground) timer.unref();
    return () => clearTimeout(timer);
  },
};
