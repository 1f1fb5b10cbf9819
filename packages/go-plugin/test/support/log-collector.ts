import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";

export interface CollectedEvent {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps everything, and can wait for something to be logged. */
export class LogCollector implements Logger {
  readonly events: CollectedEvent[] = [];
  readonly #fields: LogFields;
  readonly #root: LogCollector;
  #waiting: (() => void)[] = [];

  constructor(fields: LogFields = {}, root?: LogCollector) {
    this.#fields = fields;
    this.#root = root ?? this;
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#root.#add({ level, message, fields: { ...this.#fields, ...fields } });
  }

  child(fields: LogFields): Logger {
    return new LogCollector({ ...this.#fields, ...fields }, this.#root);
  }

  find(message: string | RegExp): CollectedEvent | undefined {
    return this.events.find((event) =>
      typeof message === "string" ? event.message === message : message.test(event.message),
    );
  }

  async waitFor(message: string | RegExp): Promise<CollectedEvent> {
    for (;;) {
      const found = this.find(message);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #add(event: CollectedEvent): void {
    this.events.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
