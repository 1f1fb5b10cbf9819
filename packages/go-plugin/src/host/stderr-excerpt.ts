import type { LinePiece } from "./line-splitter.ts";
import type { LogEntry } from "./plugin-log.ts";

const FIRST_LINES = 8;
const LAST_LINES = 8;
const LINE_CHARACTERS = 300;

/**
 * What a plugin wrote to stderr, for error messages: the first lines, which say what went wrong, and the last ones.
 * Without what only helps a debugger: stack frames, the carets under a source line, lines without a word.
 */
export class StderrExcerpt {
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  #dropped = 0;

  add(piece: LinePiece, entry: LogEntry): void {
    if (isNoise(piece.text)) return;
    const line = readableLine(piece, entry).slice(0, LINE_CHARACTERS);
    if (this.#first.length < FIRST_LINES) {
      this.#first.push(line);
      return;
    }
    this.#last.push(line);
    if (this.#last.length <= LAST_LINES) return;
    this.#last.shift();
    this.#dropped++;
  }

  /** Lines that were not looked at. */
  skip(lines: number): void {
    this.#dropped += lines;
  }

  lines(): readonly string[] {
    const gap = this.#dropped === 0 ? [] : [`… (${this.#dropped} more)`];
    return [...this.#first, ...gap, ...this.#last];
  }
}

function isNoise(line: string): boolean {
  return /^\s+at /.test(line) || /^[\s^~}]*$/.test(line);
}

/** hclog's JSON as people write it: `message: error`. */
function readableLine({ text }: LinePiece, { message, fields }: LogEntry): string {
  if (message === text) return text;
  const { error = fields["err"] } = fields;
  if (typeof error !== "string" || error === "") return message;
  return `${message}: ${error.split("\n", 1)[0]}`;
}
