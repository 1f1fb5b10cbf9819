import { GrpcError } from "../grpc-error.ts";

/** The one request or response of a direction that does not stream. */
export interface SingleMessage {
  readonly kind: "single";
  readonly message: unknown;
}

/** The messages of a direction that streams. */
export interface MessageStream {
  readonly kind: "stream";
  /** Can be iterated once. */
  readonly messages: AsyncIterable<unknown>;
}

/** One direction of a call, as interceptors see it. Which of the two it is follows from the method's kind. */
export type Messages = SingleMessage | MessageStream;

/** @throws {GrpcError} INTERNAL when an interceptor gave something else. */
export function singleResponse(response: Messages | undefined): unknown {
  if (response?.kind === "single") return response.message;
  throw wrongResponse(response, "a call for one message with a stream");
}

/** @throws {GrpcError} as singleResponse does. */
export function responseStream(response: Messages | undefined): AsyncIterable<unknown> {
  if (response?.kind === "stream") return response.messages;
  throw wrongResponse(response, "a streaming call with a single message");
}

function wrongResponse(response: Messages | undefined, what: string): GrpcError {
  const why = response === undefined ? "returned no response: it has to pass on what next() gives" : `answered ${what}`;
  return new GrpcError("INTERNAL", `an interceptor ${why}`);
}

export interface MessageFollower {
  /** What takes the message's place; a throw ends the stream with that error. */
  onMessage?(message: unknown): unknown;
  /** The stream ended by itself; `error` is undefined after its last message. */
  onEnd?(error: unknown): void;
  /** The reader left before the end. */
  onLeave?(): void;
}

/** Puts `change` between a direction's messages and its reader, single or many. */
export function mapMessages(messages: Messages, change: (message: unknown) => unknown): Messages {
  if (messages.kind === "single") return { kind: "single", message: change(messages.message) };
  return { kind: "stream", messages: followMessages(messages.messages, { onMessage: change }) };
}

/**
 * A stream that tells of each message and of its end. No async generator: those do not hear that their reader has left
 * while they wait for the next message.
 */
export function followMessages(source: AsyncIterable<unknown>, follower: MessageFollower): AsyncIterable<unknown> {
  return { [Symbol.asyncIterator]: () => new FollowedMessages(source[Symbol.asyncIterator](), follower) };
}

class FollowedMessages implements AsyncIterator<unknown, undefined> {
  readonly #source: AsyncIterator<unknown>;
  readonly #follower: MessageFollower;
  #isOver = false;

  constructor(source: AsyncIterator<unknown>, follower: MessageFollower) {
    this.#source = source;
    this.#follower = follower;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    let result: IteratorResult<unknown, unknown>;
    try {
      result = await this.#source.next();
    } catch (error) {
      this.#end(error);
      throw error;
    }
    if (result.done === true) {
      this.#end(undefined);
      return { done: true, value: undefined };
    }
    if (this.#follower.onMessage === undefined) return { done: false, value: result.value };
    try {
      return { done: false, value: this.#follower.onMessage(result.value) };
    } catch (error) {
      this.#end(error);
      // The error is the one to tell, not what the source says to it.
      void this.#source.return?.().catch(() => {});
      throw error;
    }
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#follower.onLeave?.();
    }
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#follower.onEnd?.(error);
  }
}

/**
 * What callers and handlers may give as a source of messages, as interceptors see it. What can be iterated again may be: of
 * what cannot, half would be lost without a word.
 */
export function toAsyncIterable(source: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> {
  let last: unknown;
  const once = <T>(iterator: T): T => {
    if (iterator === last) throw new GrpcError("INTERNAL", "the messages of a call can be iterated only once");
    last = iterator;
    return iterator;
  };
  return {
    [Symbol.asyncIterator]: () =>
      Symbol.asyncIterator in source
        ? once(source[Symbol.asyncIterator]())
        : toAsyncIterator(once(source[Symbol.iterator]())),
  };
}

function toAsyncIterator(iterator: Iterator<unknown>): AsyncIterator<unknown> {
  return {
    next: async () => await Promise.resolve(iterator.next()),
    return: async () => {
      iterator.return?.();
      return await Promise.resolve({ done: true, value: undefined });
    },
  };
}
