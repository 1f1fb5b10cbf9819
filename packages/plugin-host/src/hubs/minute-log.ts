import type { LogFields, Logger } from "@fairlead/go-plugin";
import { systemClock } from "../supervisor/clock.ts";
import type { Clock } from "../supervisor/clock.ts";

const minuteMs = 60_000;

/** Warnings about what may happen with every connection: each message of a plugin at most once a minute. */
export class MinuteLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #last = new Map<string, { readonly atMs: number; skipped: number }>();

  constructor({ logger, clock = systemClock }: { readonly logger: Logger; readonly clock?: Clock }) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `skipped` in the line counts the ones since the last line. */
  warn(plugin: string, message: string, fields: LogFields): void {
    const key = `${message}\0${plugin}`;
    const nowMs = this.#clock.monotonicMs();
    const last = this.#last.get(key);
    if (last !== undefined && nowMs - last.atMs < minuteMs) {
      last.skipped++;
      return;
    }
    this.#last.set(key, { atMs: nowMs, skipped: 0 });
    this.#logger.log("warn", message, { plugin, ...fields, skipped: last?.skipped ?? 0 });
  }
}
