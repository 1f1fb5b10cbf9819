import type { Writable } from "node:stream";

/**
 * Lets what is written to a socket in one turn of the event loop leave in one system call. ssh2 writes a packet in up to
 * three pieces (length, content, tag), and with Nagle's algorithm off each would be a segment of its own, which the
 * client reads one by one: measured on small uploads, 12 of 17 writes a file were such pieces.
 *
 * `onTurnEnd` is told how many pieces a turn had, once the socket has them.
 */
export function gatherWrites(socket: Writable, onTurnEnd?: (pieces: number) => void): void {
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  let pieces = 0;
  const release = (): void => {
    const gathered = pieces;
    pieces = 0;
    socket.uncork();
    onTurnEnd?.(gathered);
  };
  const gather = (...args: readonly unknown[]): boolean => {
    if (pieces === 0) {
      socket.cork();
      process.nextTick(release);
    }
    pieces += 1;
    return write(...args);
  };
  socket.write = gather as Writable["write"];
}
