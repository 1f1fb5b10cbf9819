import type { Readable } from "node:stream";

/**
 * Reads one chunk a turn of the event loop: without this, a plugin that writes without end is read for 32 chunks before
 * anybody else has a turn. It goes on for ever: a full pipe would block the plugin.
 *
 * @param goOn called in further turns, before the next chunk, until it returns false
 */
export function readByTurns(stream: Readable, take: (chunk: Buffer) => void, goOn: () => boolean = () => false): void {
  let isScheduled = false;
  const pause = (): void => {
    // Always: Node resumes the pipes of a process that ends.
    stream.pause();
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (goOn()) pause();
      else stream.resume();
    });
  };
  stream.on("data", (chunk: Buffer) => {
    take(chunk);
    pause();
  });
}
