import type { Duplex } from "node:stream";

import { Outbox } from "./outbox.ts";

/** How long the peer may take to end its side after we ended ours. */
const LINGER_MS = 500;

export interface LinkOwner {
  receive(bytes: Buffer): void;
  /** The peer will send no more. */
  onPeerEnd(): void;
  /** The stream is gone; called once. */
  onLinkClosed(error: Error | undefined): void;
  onOutboxDrained(): void;
  onOutboxOverflow(): void;
}

/** The caller's byte stream: what comes in goes to the owner, what goes out is gathered in `outbox`. */
export class Link {
  readonly outbox: Outbox;
  readonly stream: Duplex;
  readonly #owner: LinkOwner;
  #error: Error | undefined;
  #linger: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(stream: Duplex, readsStream: boolean, owner: LinkOwner) {
    this.stream = stream;
    this.#owner = owner;
    this.outbox = new Outbox(stream, owner);
    if (readsStream) stream.on("data", (chunk: Buffer) => owner.receive(chunk));
    stream.on("end", () => owner.onPeerEnd());
    stream.on("error", (error: Error) => {
      this.#error ??= error;
    });
    stream.on("close", () => this.#close());
    // A stream that was closed before it came to us never says so again.
    if (stream.destroyed) process.nextTick(() => this.#close());
  }

  /**
   * Sends what is there and ends our side. Input is still taken, and dropped by the owner: a kernel that has unread
   * input when a socket is closed resets it, and the peer would lose our last frames.
   */
  end(): void {
    if (this.#isClosed || this.#linger !== undefined) return;
    this.outbox.flush(true);
    this.outbox.close();
    this.stream.end();
    this.#linger = setTimeout(() => this.stream.destroy(), LINGER_MS);
  }

  destroy(): void {
    this.outbox.close();
    this.stream.destroy();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#linger);
    this.outbox.close();
    this.#owner.onLinkClosed(this.#error);
  }
}
