import { writeSync } from "./direct-writes.ts";

const PATIENCE_MS = 1_000;
const PAUSE_MS = 5;

// Descriptors whose reader was waited for in vain: it is not waited for again before it has read something.
const stuck = new Set<number>();

/**
 * Writes everything to a pipe, at once. A pipe may be non-blocking and full: waits up to a second for its reader, then
 * gives up on the rest, so that a host that stopped reading cannot freeze its plugin, neither for ever nor for a second a
 * line. Throws EPIPE when the reader is gone.
 */
export function writeAllSync(fd: number, text: string | Uint8Array, pause: (ms: number) => void = sleep): void {
  let rest = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  let patienceMs = stuck.has(fd) ? 0 : PATIENCE_MS;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
      if (stuck.delete(fd)) patienceMs = PATIENCE_MS;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      if (patienceMs <= 0) {
        stuck.add(fd);
        return;
      }
      patienceMs -= PAUSE_MS;
      pause(PAUSE_MS);
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
