import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** How long a broken program may keep the test waiting; a working one never gets near. Default 30 000. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 20. */
  readonly pauseMs?: number;
  /** Says what was seen instead, for the error. */
  readonly seen?: () => string;
}

/**
 * Looks again and again until `probe` gives something other than undefined or false, and gives that back. Rejects with
 * `what` when it never does.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 30_000, pauseMs = 20, seen } = options;
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) {
      const instead = seen === undefined ? "" : `\nseen instead:\n${seen()}`;
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${instead}`);
    }
    await sleep(pauseMs);
  }
}
