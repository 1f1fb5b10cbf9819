/** gRPC's connection back-off (doc/connection-backoff.md). */
export interface BackOffOptions {
  /** From the start of a first attempt that fails to the next one, milliseconds. Default 1,000. */
  readonly initialMs?: number;
  /** Default 1.6. */
  readonly factor?: number;
  /** Which part of a delay is left to chance, either way. Default 0.2. */
  readonly jitter?: number;
  /** Default 120,000. */
  readonly maxMs?: number;
}

/** How long after the start of one attempt the next may start. */
export class BackOff {
  readonly #initialMs: number;
  readonly #factor: number;
  readonly #jitter: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives 0 up to, not including, 1. */
  constructor(options: BackOffOptions, random: () => number) {
    this.#initialMs = options.initialMs ?? 1000;
    this.#factor = options.factor ?? 1.6;
    this.#jitter = options.jitter ?? 0.2;
    this.#maxMs = options.maxMs ?? 120_000;
    this.#random = random;
    const isSound = this.#initialMs > 0 && this.#maxMs >= this.#initialMs && this.#factor >= 1;
    if (isSound && this.#jitter >= 0 && this.#jitter < 1) return;
    throw new TypeError("option backOff needs 0 < initialMs <= maxMs, factor >= 1 and 0 <= jitter < 1");
  }

  /** The delay that goes with the next attempt. */
  nextMs(): number {
    const plainMs = Math.min(this.#maxMs, this.#initialMs * this.#factor ** this.#failures);
    this.#failures++;
    return Math.round(plainMs * (1 + this.#jitter * (2 * this.#random() - 1)));
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
