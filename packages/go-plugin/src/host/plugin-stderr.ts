import type { Readable } from "node:stream";
import type { Logger } from "../logger.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { LinePiece } from "./line-splitter.ts";
import { PluginLogParser } from "./plugin-log.ts";
import { StderrExcerpt } from "./stderr-excerpt.ts";

/** Turns a plugin's stderr into log events for as long as the process lives, and keeps an excerpt for error messages. */
export function readStderr(stderr: Readable, logger: Logger): Pick<StderrExcerpt, "lines"> {
  const splitter = new LineSplitter();
  const parser = new PluginLogParser();
  const excerpt = new StderrExcerpt();
  const take = (pieces: readonly LinePiece[]): void => {
    for (const piece of pieces) {
      const entry = parser.parse(piece);
      logger.log(entry.level, entry.message, entry.fields);
      excerpt.add(piece, entry);
    }
  };
  stderr.on("data", (chunk: Buffer) => take(splitter.push(chunk)));
  // Not "end": a pipe that a grandchild holds open is destroyed, and the last line may lack its newline.
  stderr.once("close", () => take(splitter.finish()));
  stderr.on("error", (error) => logger.log("debug", "reading plugin's stderr failed", { error: error.message }));
  return excerpt;
}
