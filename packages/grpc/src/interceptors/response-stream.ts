import { GrpcError } from "../grpc-error.ts";
import type { CallOptions } from "../client/client-connection.ts";
import { CallScope, type WhyLate } from "./call-scope.ts";
import { responseStream, type Messages } from "./messages.ts";

type Result = IteratorResult<unknown, undefined>;

const OVER: Result = { done: true, value: undefined };

interface Reader {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The responses of a call that interceptors may still be at work on. */
export class ResponseStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #scope: CallScope;
  readonly #onOver: (error: GrpcError | undefined) => void;
  readonly #source: Promise<AsyncIterator<unknown>>;
  readonly #readers: Reader[] = [];
  #isOver = false;
  /** To be told to the next reader, once. */
  #untold: GrpcError | undefined;
  #isTaken = false;

  /** `start` is called at once; `onOver` once, when the caller can learn nothing more from the call. */
  constructor(
    options: CallOptions,
    start: (scope: CallScope) => Promise<Messages>,
    onOver: (error: GrpcError | undefined) => void,
    whyLate?: WhyLate,
  ) {
    this.#onOver = onOver;
    this.#scope = new CallScope(options, true, (error) => this.#fail(error), whyLate);
    this.#scope.setAwaited(false);
    this.#source = this.#start(start);
    // A stream nobody reads may fail in silence.
    this.#source.catch((error: unknown) => this.#fail(GrpcError.from(error)));
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return this.#tellEnd({ resolve, reject });
      if (this.#readers.push({ resolve, reject }) === 1) this.#scope.setAwaited(true);
      return void this.#pull();
    });
  }

  return(): Promise<Result> {
    if (!this.#isOver) this.#scope.cancel();
    this.#untold = undefined;
    return Promise.resolve(OVER);
  }

  cancel(): void {
    if (!this.#isOver) this.#scope.cancel();
  }

  /** Messages are handed out once: a second loop would see what the first one left. */
  [Symbol.asyncIterator](): this {
    if (this.#isTaken) throw new GrpcError("INTERNAL", "the messages of a call can be iterated only once");
    this.#isTaken = true;
    return this;
  }

  async #start(start: (scope: CallScope) => Promise<Messages>): Promise<AsyncIterator<unknown>> {
    return responseStream(await start(this.#scope))[Symbol.asyncIterator]();
  }

  async #pull(): Promise<void> {
    try {
      const source = await this.#source;
      if (this.#isOver) return;
      const result = await source.next();
      if (this.#isOver) return;
      if (result.done === true) this.#end(undefined);
      else this.#deliver(result.value);
    } catch (error) {
      this.#fail(GrpcError.from(error));
    }
  }

  #deliver(value: unknown): void {
    this.#readers.shift()?.resolve({ done: false, value });
    if (this.#readers.length === 0) this.#scope.setAwaited(false);
  }

  #fail(error: GrpcError): void {
    if (this.#isOver) return;
    this.#untold = error;
    this.#end(error);
  }

  #end(error: GrpcError | undefined): void {
    this.#isOver = true;
    this.#scope.close();
    this.#onOver(error);
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
    if (error !== undefined) void this.#leaveSource();
  }

  /** An error is told once; after it the iteration is over. */
  #tellEnd(reader: Reader): void {
    const error = this.#untold;
    this.#untold = undefined;
    if (error === undefined) reader.resolve(OVER);
    else reader.reject(error);
  }

  async #leaveSource(): Promise<void> {
    try {
      await (await this.#source).return?.();
    } catch {
      // The reader has its error; the source's own comes too late.
    }
  }
}
