/** How often somebody may be wrong. */
export interface TryLimitOptions {
  /** Wrong tries in one window, after which all are refused until it ends. */
  readonly tries: number;
  readonly windowMs: number;
}

interface Window {
  failures: number;
  readonly endMs: number;
}

/** Counts wrong tries by name. A try counts from its begin, so that many at the same time are no way around. */
export class TryLimit {
  readonly #options: TryLimitOptions;
  readonly #windows = new Map<string, Window>();

  constructor(options: TryLimitOptions) {
    this.#options = options;
  }

  /** False when there were too many. Otherwise the try counts as wrong until {@link forgive}. */
  begin(name: string, nowMs: number): boolean {
    for (const [key, { endMs }] of this.#windows) {
      if (endMs <= nowMs) this.#windows.delete(key);
    }
    const { tries, windowMs } = this.#options;
    const window = this.#windows.get(name) ?? { failures: 0, endMs: nowMs + windowMs };
    if (window.failures >= tries) {
      return false;
    }
    window.failures += 1;
    this.#windows.set(name, window);
    return true;
  }

  /** The try was not wrong after all. */
  forgive(name: string): void {
    const window = this.#windows.get(name);
    if (window !== undefined && (window.failures -= 1) <= 0) {
      this.#windows.delete(name);
    }
  }
}
