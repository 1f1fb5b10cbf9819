import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Logger } from "@fairlead/go-plugin";

/** A longer line is logged in pieces. */
const maxLineLength = 4096;

/** Of both channels. What is more is dropped: a plugin that prints without end must not keep the host from its work. */
const maxLinesPerSecond = 2_000;

/** Sinks for what one process of a plugin prints. */
export interface OutputLog {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Logs what was printed without a line end; for the end of the process. */
  flush(): void;
}

/**
 * Each printed line becomes the log line `plugin output`, with the fields `channel` and `line`. Lines beyond 2,000 a second
 * are counted in `plugin output dropped`, before the next line or at the end.
 *
 * @param nowMs a clock that never goes back
 */
export function createOutputLog(logger: Logger, nowMs: () => number = () => performance.now()): OutputLog {
  const limit = new LineLimit(nowMs, (count) => logger.log("warn", "plugin output dropped", { count }));
  const log = (channel: string, line: string): void => {
    if (limit.take()) logger.log("info", "plugin output", { channel, line });
  };
  const stdout = new LineLog((line) => log("stdout", line));
  const stderr = new LineLog((line) => log("stderr", line));
  return {
    stdout,
    stderr,
    flush() {
      stdout.flush();
      stderr.flush();
      limit.report();
    },
  };
}

class LineLimit {
  readonly #nowMs: () => number;
  readonly #reportDropped: (count: number) => void;
  #secondEndsMs = 0;
  #left = 0;
  #dropped = 0;

  constructor(nowMs: () => number, reportDropped: (count: number) => void) {
    this.#nowMs = nowMs;
    this.#reportDropped = reportDropped;
  }

  take(): boolean {
    const nowMs = this.#nowMs();
    if (nowMs >= this.#secondEndsMs) {
      this.report();
      this.#secondEndsMs = nowMs + 1_000;
      this.#left = maxLinesPerSecond;
    }
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    this.#dropped++;
    return false;
  }

  report(): void {
    if (this.#dropped > 0) this.#reportDropped(this.#dropped);
    this.#dropped = 0;
  }
}

class LineLog extends Writable {
  readonly #decoder = new StringDecoder("utf8");
  readonly #log: (line: string) => void;
  #unfinished = "";

  constructor(log: (line: string) => void) {
    super();
    this.#log = log;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const lines = (this.#unfinished + this.#decoder.write(chunk)).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) this.#logLine(line.replace(/\r$/, ""));
    const whole = last.length - (last.length % maxLineLength);
    if (whole > 0) this.#logLine(last.slice(0, whole));
    this.#unfinished = last.slice(whole);
    done();
  }

  flush(): void {
    const line = this.#unfinished + this.#decoder.end();
    this.#unfinished = "";
    if (line !== "") this.#logLine(line);
  }

  #logLine(line: string): void {
    for (let start = 0; start < line.length; start += maxLineLength) {
      this.#log(line.slice(start, start + maxLineLength));
    }
  }
}
