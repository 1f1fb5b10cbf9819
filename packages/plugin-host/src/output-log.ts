import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Logger } from "@fairlead/go-plugin";

/** A longer line is logged in pieces. */
const maxLineLength = 4096;

/** Sinks for what one process of a plugin prints. */
export interface OutputLog {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Logs what was printed without a line end; for the end of the process. */
  flush(): void;
}

/** Each printed line becomes the log line `plugin output`, with the fields `channel` and `line`. */
export function createOutputLog(logger: Logger): OutputLog {
  const stdout = new LineLog((line) => logger.log("info", "plugin output", { channel: "stdout", line }));
  const stderr = new LineLog((line) => logger.log("info", "plugin output", { channel: "stderr", line }));
  return {
    stdout,
    stderr,
    flush() {
      stdout.flush();
      stderr.flush();
    },
  };
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
