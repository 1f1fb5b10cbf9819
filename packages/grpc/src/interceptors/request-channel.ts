import { GrpcError } from "../grpc-error.ts";

interface Offer {
  readonly message: unknown;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const OVER: IteratorResult<unknown, undefined> = { done: true, value: undefined };

/**
 * Hands what `send` is given to one reader. A message counts as sent when the reader comes back for the next: then the
 * reader has passed it on, as fast as flow control let it.
 */
export class RequestChannel implements AsyncIterableIterator<unknown, undefined> {
  readonly #offers: Offer[] = [];
  readonly #readers: ((result: IteratorResult<unknown, undefined>) => void)[] = [];
  #taken: Offer | undefined;
  #state: "open" | "ended" | "closed" = "open";
  #error: GrpcError | undefined;

  send(message: unknown): Promise<void> {
    if (this.#state !== "open") return Promise.reject(this.#error ?? overError());
    return new Promise((resolve, reject) => {
      this.#offers.push({ message, resolve, reject });
      this.#deliver();
    });
  }

  /** No more messages. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#deliver();
  }

  /** The call is over: what was not passed on fails. */
  close(error: GrpcError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#error = error;
    const reason = error ?? overError();
    this.#taken?.reject(reason);
    this.#taken = undefined;
    for (const offer of this.#offers.splice(0)) offer.reject(reason);
    this.#deliver();
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    this.#taken?.resolve();
    this.#taken = undefined;
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.close(undefined);
    return Promise.resolve(OVER);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(): void {
    const [reader] = this.#readers;
    if (reader === undefined) return;
    const offer = this.#offers.shift();
    if (offer === undefined) {
      if (this.#state !== "open") for (const waiting of this.#readers.splice(0)) waiting(OVER);
      return;
    }
    this.#readers.shift();
    this.#taken = offer;
    reader({ done: false, value: offer.message });
  }
}

function overError(): GrpcError {
  return new GrpcError("CANCELLED", "the call is over");
}
