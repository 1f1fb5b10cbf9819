/** How long a line may wait for others. */
const GATHER_MS = 10;
/** Bytes (more or less) that are not gathered further. */
const MAX_GATHERED_LENGTH = 16 * 1024;

export interface Output {
  write(text: string): unknown;
}

/**
 * Gathers the lines of a few milliseconds into one write. A server taking small uploads logs thousands of lines a
 * second, and a system call for each, which also wakes whoever reads the log, was a tenth of its work.
 */
export class LineBuffer implements Output {
  readonly #output: Output;
  #pending = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  write(line: string): void {
    this.#pending += line;
    if (this.#pending.length >= MAX_GATHERED_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === "") return;
    const text = this.#pending;
    // First: a write that throws must not be repeated for ever.
    this.#pending = "";
    this.#output.write(text);
  }
}
