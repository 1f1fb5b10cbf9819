import type { Logger } from "../logger.ts";
import type { OwnedPluginServer } from "./plugin-server.ts";
import { writeAllSync } from "./write-all.ts";

/** The pipes to whoever started this process, and what to do when nobody is there any more. */
export class StarterPipes {
  #onBroken: () => void;

  constructor(onBroken: () => void) {
    this.#onBroken = onBroken;
  }

  /** From now on: does this, and also looks at what is printed. (Not from the start: process.stderr takes time to make.) */
  whenBroken(listener: () => void): void {
    this.#onBroken = listener;
    process.stderr.on("error", this.#check);
    process.stdout.on("error", this.#check);
  }

  /** Writes to stderr, at once. */
  readonly writeError = (text: string): void => this.#write(2, text);

  /** Writes to stdout, at once, past whatever has taken process.stdout over. */
  readonly writeOutput = (text: string): void => this.#write(1, text);

  #write(fd: 1 | 2, text: string): void {
    try {
      writeAllSync(fd, text);
    } catch (error) {
      this.#check(error as NodeJS.ErrnoException);
    }
  }

  readonly #check = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") this.#onBroken();
  };
}

/** By whatever accident the process ends, its reason is logged and its socket removed. */
export function cleanUpAtExit(server: OwnedPluginServer, logger: Logger): void {
  process.on("uncaughtExceptionMonitor", (error) => logger.log("error", "plugin crashed", { error }));
  process.on("exit", () => server.removeFiles());
}
