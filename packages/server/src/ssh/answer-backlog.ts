import type { Duplex } from "node:stream";

/** What of ours may wait for a client to read it. */
export interface BacklogLimits {
  /** Writes. Each costs about a kilobyte of memory, however short it is. */
  readonly pieces: number;
  readonly bytes: number;
}

/**
 * What a client leaves unread. ssh2 answers whatever it reads, and a client that asks in a loop and reads nothing would
 * fill the memory: so from one that leaves too much, nothing is read until it has taken all.
 */
export class AnswerBacklog {
  readonly #socket: Duplex;
  #pieces = 0;
  #isPausing = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("drain", () => {
      this.#pieces = 0;
      if (this.#isPausing) {
        this.#isPausing = false;
        socket.resume();
      }
    });
  }

  /** Counts what was written in one turn of the event loop; to be called when the socket has had it. */
  add(pieces: number): void {
    this.#pieces = this.#socket.writableLength === 0 ? 0 : this.#pieces + pieces;
  }

  /** Never true when no "drain" would follow, below the socket's high water mark. */
  exceeds(limits: BacklogLimits): boolean {
    const { writableLength, writableNeedDrain } = this.#socket;
    return writableNeedDrain && (this.#pieces > limits.pieces || writableLength > limits.bytes);
  }

  /** Reads on at the next "drain". */
  pauseAbove(limits: BacklogLimits): void {
    if (!this.#isPausing && this.exceeds(limits)) {
      this.#isPausing = true;
      this.#socket.pause();
    }
  }
}
