import type { Readable } from "node:stream";
import type { Logger } from "../logger.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { LinePiece } from "./line-splitter.ts";
import { PluginLogParser } from "./plugin-log.ts";

const TAIL_LINES = 12;
const TAIL_CHARACTERS = 300;

/** The last lines a plugin wrote to stderr, for error messages. */
export interface StderrTail {
  lines(): readonly string[];
}

/** Turns a plugin's stderr into log events for as long as the process lives. */
export function readStderr(stderr: Readable, logger: Logger): StderrTail {
  const splitter = new LineSplitter();
  const parser = new PluginLogParser();
  const tail: string[] = [];
  const take = (pieces: readonly LinePiece[]): void => {
    for (const piece of pieces) {
      const entry = parser.parse(piece);
      logger.log(entry.level, entry.message, entry.fields);
      tail.push(piece.text.slice(0, TAIL_CHARACTERS));
      if (tail.length > TAIL_LINES) tail.shift();
    }
  };
  stderr.on("data", (chunk: Buffer) => take(splitter.push(chunk)));
  // Not "end": a pipe that a grandchild holds open is destroyed, and the last line may lack its newline.
  stderr.once("close", () => take(splitter.finish()));
  stderr.on("error", (error) => logger.log("debug", "reading plugin's stderr failed", { error: error.message }));
  return { lines: () => [...tail] };
}
