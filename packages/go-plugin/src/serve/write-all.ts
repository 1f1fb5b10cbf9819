// Not `import`: that evaluates every lazy part of node:fs, a tenth of a plugin's start.
const { writeSync } = process.getBuiltinModule("node:fs");

const PATIENCE_MS = 1_000;
const PAUSE_MS = 5;

/**
 * Writes everything to a pipe, at once. A pipe may be non-blocking and full: waits up to a second for its reader, then
 * gives up on the rest, so that a host that stopped reading cannot freeze its plugin for ever. Throws EPIPE when the
 * reader is gone.
 */
export function writeAllSync(fd: number, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  let patienceMs = PATIENCE_MS;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      if (patienceMs <= 0) return;
      patienceMs -= PAUSE_MS;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
