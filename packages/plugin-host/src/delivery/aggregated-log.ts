import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";
import type { Clock } from "../supervisor/clock.ts";

/** What repeats: the first is logged at once, the rest as one line a window. */
export interface RepeatedEvent {
  readonly level: LogLevel;
  readonly message: string;
  /** Facts that make it a different line; few different values. */
  readonly group: string;
  /** Of the last one, when the line is written. */
  readonly fields: LogFields;
}

const windowMs = 10_000;

/**
 * A log for what may happen thousands of times a second: each message and group is written at most once a window, with
 * the `count` of what it stands for.
 */
export class AggregatedLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #open = new Map<string, Window>();
  #closed = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param times how many of them this stands for */
  report(event: RepeatedEvent, times = 1): void {
    const key = `${event.message}\0${event.group}`;
    const window = this.#open.get(key);
    if (window !== undefined) {
      window.count += times;
      window.last = event;
      return;
    }
    this.#write(event, times);
    this.#openWindow(key, event);
  }

  /** Writes what is still to be written. Later only the first of each message and group is. */
  close(): void {
    this.#closed = true;
    for (const { count, last, cancel } of this.#open.values()) {
      cancel();
      if (count > 0) this.#write(last, count);
    }
    this.#open.clear();
  }

  #openWindow(key: string, last: RepeatedEvent): void {
    if (this.#closed) {
      this.#open.set(key, { count: 0, last, cancel: () => {} });
      return;
    }
    const cancel = this.#clock.schedule(windowMs, () => {
      const window = this.#open.get(key);
      this.#open.delete(key);
      if (window === undefined || window.count === 0) return;
      this.#write(window.last, window.count);
      this.#openWindow(key, window.last);
    });
    this.#open.set(key, { count: 0, last, cancel });
  }

  #write({ level, message, fields }: RepeatedEvent, count: number): void {
    this.#logger.log(level, message, { ...fields, count });
  }
}

interface Window {
  count: number;
  last: RepeatedEvent;
  readonly cancel: () => void;
}
