import type { Readable, Writable } from "node:stream";
import type { Logger } from "../logger.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { LinePiece } from "./line-splitter.ts";
import { LogBudget } from "./log-budget.ts";
import type { LogBudgetLimits } from "./log-budget.ts";
import { PluginLogParser } from "./plugin-log.ts";
import { RawCopy } from "./raw-copy.ts";
import { readByTurns } from "./read-by-turns.ts";
import { StderrExcerpt } from "./stderr-excerpt.ts";

// In lines. The burst has room for the stacks that a large Go program leaves when it panics.
const LIMITS: LogBudgetLimits = { burst: 10_000, perSecond: 2_000 };
const LINES_A_TURN = 200;
// A longer line counts as several.
const LINE_CHARACTERS = 1_024;
const KEPT_LINES = 8;
const REPORT_DROPPED_MS = 1_000;

export interface StderrOptions {
  /** Default: enough for any sensible program. */
  readonly budget?: LogBudget;
  /** A longer line is logged in pieces of this length. Default 64 KiB. */
  readonly maxLineBytes?: number | undefined;
  /** Gets a copy of every byte. */
  readonly copyTo?: Writable | undefined;
}

/**
 * Turns a plugin's stderr into log events for as long as the process lives, and keeps an excerpt for error messages. Every
 * line is read, in small portions so that the host goes on serving; lines beyond the budget are dropped and counted.
 */
export function readStderr(
  stderr: Readable,
  logger: Logger,
  options: StderrOptions = {},
): Pick<StderrExcerpt, "lines"> {
  const log = new StderrLog(logger, options);
  const copy = options.copyTo === undefined ? undefined : new RawCopy(options.copyTo, logger);
  readByTurns(
    stderr,
    (chunk) => {
      copy?.write(chunk);
      log.take(chunk);
    },
    () => log.goOn(),
  );
  // Not "end": a pipe that a grandchild holds open is destroyed, and the last line may lack its newline.
  stderr.once("close", () => {
    log.finish();
    copy?.reportDropped();
  });
  stderr.on("error", (error) => logger.log("debug", "reading plugin's stderr failed", { error: error.message }));
  return log.excerpt;
}

class StderrLog {
  readonly excerpt = new StderrExcerpt();
  readonly #logger: Logger;
  readonly #budget: LogBudget;
  readonly #splitter: LineSplitter;
  readonly #parser = new PluginLogParser();
  #dropped = 0;
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, { budget = new LogBudget(LIMITS), maxLineBytes }: StderrOptions) {
    this.#logger = logger;
    this.#budget = budget;
    this.#splitter = new LineSplitter(maxLineBytes);
  }

  take(chunk: Buffer): void {
    this.#splitter.feed(chunk);
    this.goOn();
  }

  /** One turn's portion of the lines; false when none is left. */
  goOn(): boolean {
    for (let lines = 0; lines < LINES_A_TURN;) {
      const piece = this.#splitter.next();
      if (piece === undefined) return false;
      lines += this.#logPiece(piece);
    }
    return true;
  }

  finish(): void {
    while (this.goOn());
    for (const piece of this.#splitter.finish()) this.#logPiece(piece);
    this.#reportDropped();
  }

  /** How many lines it counts as. */
  #logPiece(piece: LinePiece): number {
    const cost = 1 + Math.floor(piece.text.length / LINE_CHARACTERS);
    const entry = this.#parser.parse(piece);
    this.excerpt.add(piece, entry);
    if (this.#budget.take(cost)) {
      this.#logger.log(entry.level, entry.message, entry.fields);
    } else {
      const skipped = this.#splitter.skip(KEPT_LINES);
      this.excerpt.skip(skipped);
      this.#countDropped(1 + skipped);
    }
    return cost;
  }

  #countDropped(lines: number): void {
    this.#dropped += lines;
    this.#reportTimer ??= setTimeout(() => this.#reportDropped(), REPORT_DROPPED_MS).unref();
  }

  #reportDropped(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    if (this.#dropped > 0) this.#logger.log("warn", "plugin log lines dropped", { count: this.#dropped });
    this.#dropped = 0;
  }
}
