/**
 * Runs async work a few at a time and lets a bounded number wait. Password hashing goes through
 * one: it shares libuv's threads with all file I/O, and each argon2 computation takes memory.
 */
export interface WorkQueue {
  /** Resolves with the work's result; resolves `undefined` at once when too many are waiting. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
}

export function createWorkQueue(limits: { readonly running: number; readonly waiting: number }): WorkQueue {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < limits.running) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) {
      running -= 1;
    } else {
      next(); // the place is handed over, so `running` stays
    }
  }

  return {
    async run(work) {
      if (running >= limits.running && waiting.length >= limits.waiting) {
        return undefined;
      }
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
