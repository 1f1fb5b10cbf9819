/** Lets the writes of all channels of a connection through while it can take them, in the order in which they came. */
export class WriteGate {
  readonly #isOpen: () => boolean;
  readonly #waiting: (() => void)[] = [];

  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  /** Writes now, or at an {@link open} to come. */
  pass(write: () => void): void {
    this.#waiting.push(write);
    if (this.#waiting.length === 1) {
      this.open();
    }
  }

  /** To be called when the connection may be able to take more; looks again before each write. */
  open(): void {
    while (this.#isOpen()) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        return;
      }
      next();
    }
  }
}
