import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { waitFor, type WaitOptions } from "./wait-for.ts";

export interface LogRecord {
  readonly [field: string]: unknown;
}

/** Every line a program prints, as it comes, and those that are JSON objects as records. */
export class LineLog {
  readonly lines: string[] = [];
  readonly records: LogRecord[] = [];

  follow(stream: Readable): void {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => this.#add(line));
  }

  async waitForLine(what: string, pattern: RegExp, options?: WaitOptions): Promise<string> {
    const seen = (): string => this.lines.slice(-30).join("\n");
    return await waitFor(what, () => this.lines.find((line) => pattern.test(line)), { seen, ...options });
  }

  async waitForRecord(what: string, accept: (record: LogRecord) => boolean, options?: WaitOptions): Promise<LogRecord> {
    const seen = (): string => this.lines.slice(-30).join("\n");
    return await waitFor(what, () => this.records.find((record) => accept(record)), { seen, ...options });
  }

  #add(line: string): void {
    this.lines.push(line);
    if (!line.startsWith("{")) return;
    try {
      this.records.push(JSON.parse(line) as LogRecord);
    } catch {
      // A line of a plugin that only looks like JSON; it stays among the lines.
    }
  }
}
