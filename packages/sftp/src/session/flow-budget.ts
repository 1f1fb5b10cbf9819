/**
 * Bounds what one session holds: requests not yet answered, and bytes of WRITE payloads, READ buffers and replies that
 * the stream has not yet taken. While it is exhausted no further request is read.
 */
export class FlowBudget {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  readonly #onRelease: () => void;
  #requests = 0;
  #bytes = 0;

  /** @param onRelease called after anything was given back. */
  constructor(options: { readonly maxRequests: number; readonly maxBytes: number }, onRelease: () => void) {
    this.#maxRequests = options.maxRequests;
    this.#maxBytes = options.maxBytes;
    this.#onRelease = onRelease;
  }

  /** Whether one more request may be read. A single request may overshoot the bytes, by less than one packet. */
  get hasRoom(): boolean {
    return this.#requests < this.#maxRequests && this.#bytes < this.#maxBytes;
  }

  get requests(): number {
    return this.#requests;
  }

  holdRequest(): void {
    this.#requests += 1;
  }

  releaseRequest(): void {
    this.#requests -= 1;
    this.#onRelease();
  }

  holdBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  releaseBytes(bytes: number): void {
    this.#bytes -= bytes;
    this.#onRelease();
  }
}
