import { readFileSync } from "node:fs";
import { FairleadError } from "../domain/fairlead-error.ts";

const MAX_BYTES = 64 * 1024;

export interface PasswordInput {
  /** The process's stdin: a terminal is asked, anything else is read. */
  readonly stdin: NodeJS.ReadStream;
  /** Where questions are shown. */
  readonly stderr: { write(text: string): unknown };
}

/**
 * Reads a password without it ever being an argument (arguments are visible to every process): from the
 * file named, else from stdin up to the first line end, else asked twice on the terminal without echo.
 * Throws `ERR_USAGE`.
 */
export async function readPassword(file: string | undefined, input: PasswordInput): Promise<string> {
  const password = file === undefined ? await readFromStdin(input) : readFromFile(file);
  if (password === "") {
    throw usageError("the password is empty");
  }
  return password;
}

function readFromFile(file: string): string {
  try {
    return firstLine(readFileSync(file, "utf8"));
  } catch (cause) {
    throw usageError(`cannot read the password file ${file}: ${cause instanceof Error ? cause.message : ""}`, cause);
  }
}

async function readFromStdin(input: PasswordInput): Promise<string> {
  if (input.stdin.isTTY) {
    return await askTwice(input);
  }
  let text = "";
  for await (const chunk of input.stdin) {
    text += String(chunk);
    if (text.includes("\n") || text.length > MAX_BYTES) {
      break;
    }
  }
  return firstLine(text);
}

async function askTwice({ stdin, stderr }: PasswordInput): Promise<string> {
  using hidden = new HiddenInput(stdin);
  stderr.write("Password: ");
  const first = await hidden.readLine();
  stderr.write("\nPassword again: ");
  const second = await hidden.readLine();
  stderr.write("\n");
  if (first !== second) {
    throw usageError("the two passwords differ");
  }
  return first;
}

/** Lines typed on a terminal that shows nothing of them, from the first question to the last. */
class HiddenInput implements Disposable {
  readonly #terminal: NodeJS.ReadStream;
  #typed = "";
  #wake: () => void = () => undefined;

  constructor(terminal: NodeJS.ReadStream) {
    this.#terminal = terminal;
    // Before the question is shown: what is typed earlier would be echoed.
    terminal.setRawMode(true);
    terminal.on("data", this.#onData);
  }

  /** Understands backspace; Ctrl-C and Ctrl-D give up. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#typed.search(/[\r\n]/);
      if (end >= 0) {
        const line = this.#typed.slice(0, end);
        this.#typed = this.#typed.slice(end + 1);
        return withoutErased(line);
      }
      if (this.#typed.includes("\u0003") || this.#typed.includes("\u0004")) {
        throw usageError("no password was given");
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  [Symbol.dispose](): void {
    this.#terminal.off("data", this.#onData);
    this.#terminal.setRawMode(false);
    this.#terminal.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#typed += chunk.toString("utf8");
    this.#wake();
  };
}

/** The line as the backspace key left it. */
function withoutErased(line: string): string {
  const kept: string[] = [];
  for (const character of line) {
    if (character === "\u007f" || character === "\b") {
      kept.pop();
    } else {
      kept.push(character);
    }
  }
  return kept.join("");
}

function firstLine(text: string): string {
  if (text.length > MAX_BYTES) {
    throw usageError(`a password has at most ${MAX_BYTES} bytes`);
  }
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function usageError(message: string, cause?: unknown): FairleadError {
  return new FairleadError("ERR_USAGE", message, cause === undefined ? {} : { cause });
}
