import { GrpcError } from "../grpc-error.ts";
import { heldSizeOf } from "../messages/message-reader.ts";

export interface MessageQueueOwner {
  /** A message was taken, for which so much was held (`heldSizeOf`): it may be given back to the peer's window. */
  onMessageTaken(heldBytes: number): void;
  /** The reader left before the end. */
  onReaderLeft(): void;
}

/** Taken messages that may stay at the front of the list before it is moved up. */
const COMPACT_AT = 1024;

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Received messages on their way to one reader. They stay bytes until they are taken, so that what waits is bounded by
 * the stream's window.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #owner: MessageQueueOwner;
  readonly #messages: Buffer[] = [];
  #first = 0;
  #unreadBytes = 0;
  readonly #waiting: Waiting<T>[] = [];
  #end: { readonly error: GrpcError | undefined } | undefined;
  #isTaken = false;

  constructor(decode: (bytes: Uint8Array) => T, owner: MessageQueueOwner) {
    this.#decode = decode;
    this.#owner = owner;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** No further message is wanted or will come. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  push(message: Buffer): void {
    if (this.#end !== undefined) return;
    this.#messages.push(message);
    this.#unreadBytes += heldSizeOf(message);
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) this.#deliver(waiting);
  }

  /** No more messages; those that wait can still be read. */
  end(): void {
    this.#finish(undefined);
  }

  /** The error comes after the messages that wait. */
  fail(error: GrpcError): void {
    this.#finish(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      if (this.#first < this.#messages.length) this.#deliver(waiting);
      else if (this.#end === undefined) this.#waiting.push(waiting);
      else this.#tellEnd(waiting, this.#end.error);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    const wasOver = this.#end !== undefined;
    this.#end = { error: undefined };
    this.#dropMessages();
    for (const waiting of this.#waiting.splice(0)) this.#tellEnd(waiting, undefined);
    if (!wasOver) this.#owner.onReaderLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Messages are handed out once: a second loop would see what the first one left. */
  [Symbol.asyncIterator](): this {
    if (this.#isTaken) throw new GrpcError("INTERNAL", "the messages of a call can be iterated only once");
    this.#isTaken = true;
    return this;
  }

  #deliver(waiting: Waiting<T>): void {
    const message = this.#messages[this.#first]!;
    this.#first++;
    if (this.#first === this.#messages.length) {
      this.#messages.length = 0;
      this.#first = 0;
    } else if (this.#first >= COMPACT_AT) {
      this.#messages.splice(0, this.#first);
      this.#first = 0;
    }
    const heldBytes = heldSizeOf(message);
    this.#unreadBytes -= heldBytes;
    this.#owner.onMessageTaken(heldBytes);
    try {
      waiting.resolve({ done: false, value: this.#decode(message) });
    } catch (error) {
      waiting.reject(error);
      // A loop does not call return() after a rejection.
      void this.return();
    }
  }

  #finish(error: GrpcError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waiting of this.#waiting.splice(0)) this.#tellEnd(waiting, this.#end.error);
  }

  /** An error is told once; after it the iteration is over. */
  #tellEnd(waiting: Waiting<T>, error: GrpcError | undefined): void {
    this.#end = { error: undefined };
    if (error === undefined) waiting.resolve({ done: true, value: undefined });
    else waiting.reject(error);
  }

  #dropMessages(): void {
    const heldBytes = this.#unreadBytes;
    this.#messages.length = 0;
    this.#first = 0;
    this.#unreadBytes = 0;
    if (heldBytes > 0) this.#owner.onMessageTaken(heldBytes);
  }
}
