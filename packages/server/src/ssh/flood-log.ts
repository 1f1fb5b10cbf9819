import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";

interface Flood {
  more: number;
  readonly end: () => void;
}

const DEFAULT_WINDOW_MS = 10_000;

/**
 * Log lines that strangers can cause as often as they like: the first is written at once, further ones within the next
 * seconds become one line with their number in `more`.
 */
export class FloodLog {
  readonly #logger: Logger;
  readonly #windowMs: number;
  readonly #floods = new Map<string, Flood>();

  constructor(logger: Logger, windowMs = DEFAULT_WINDOW_MS) {
    this.#logger = logger;
    this.#windowMs = windowMs;
  }

  /** Lines of the same message and `fields` are one flood; `first` is only in its first line. Few `fields` may exist. */
  log(level: LogLevel, message: string, fields: LogFields, first: LogFields = {}): void {
    const key = JSON.stringify([message, fields]);
    const flood = this.#floods.get(key);
    if (flood !== undefined) {
      flood.more += 1;
      return;
    }
    this.#logger.log(level, message, { ...first, ...fields });
    const end = (): void => {
      clearTimeout(timer);
      this.#floods.delete(key);
      if (started.more > 0) {
        this.#logger.log(level, message, { ...fields, more: started.more });
      }
    };
    const timer = setTimeout(end, this.#windowMs);
    const started: Flood = { more: 0, end };
    this.#floods.set(key, started);
  }

  /** Writes what was counted. */
  close(): void {
    for (const flood of this.#floods.values()) {
      flood.end();
    }
  }
}
