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
    const first = await ask("Password: ", input);
    const second = await ask("Password again: ", input);
    if (first !== second) {
      throw usageError("the two passwords differ");
    }
    return first;
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

/** One line from the terminal, unseen. */
async function ask(question: string, { stdin: terminal, stderr }: PasswordInput): Promise<string> {
  stderr.write(question);
  terminal.setRawMode(true);
  terminal.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = "";
      const onData = (chunk: Buffer): void => {
        for (const character of chunk.toString("utf8")) {
          if (character === "\r" || character === "\n") {
            terminal.off("data", onData);
            resolve(typed);
            return;
          }
          if (character === "\u0003" || character === "\u0004") {
            terminal.off("data", onData);
            reject(usageError("no password was given"));
            return;
          }
          typed = character === "\u007f" || character === "\b" ? typed.slice(0, -1) : typed + character;
        }
      };
      terminal.on("data", onData);
    });
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    stderr.write("\n");
  }
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
