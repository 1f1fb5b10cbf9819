import type { Readable } from "node:stream";
import type { Logger } from "../logger.ts";
import { MAX_LINE_BYTES } from "../protocol/constants.ts";
import { readByTurns } from "./read-by-turns.ts";

/** What came first on a plugin's stdout. */
export type FirstLine =
  | { readonly kind: "line"; readonly text: string }
  /** 64 KiB without an end of line. */
  | { readonly kind: "too-long" }
  /** stdout was closed, usually by the end of the process. */
  | { readonly kind: "nothing" };

const LF = 0x0a;
const SHOWN_BYTES = 2_048;

/**
 * Reads a plugin's stdout: the first line for the handshake (an unfinished last one counts, as for Go's scanner), and
 * then everything else to drop it, for as long as the process lives: a full pipe would block the plugin.
 */
export class PluginStdout {
  readonly firstLine: Promise<FirstLine>;
  readonly #logger: Logger;
  #settle: ((line: FirstLine) => void) | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #start = "";
  #saidMore = false;

  constructor(stdout: Readable, logger: Logger) {
    this.#logger = logger;
    const { promise, resolve } = Promise.withResolvers<FirstLine>();
    this.firstLine = promise;
    this.#settle = resolve;
    readByTurns(stdout, (chunk) => this.#take(chunk));
    stdout.once("end", this.#end);
    stdout.once("close", this.#end);
    stdout.on("error", (error) => logger.log("debug", "reading plugin's stdout failed", { error: error.message }));
  }

  /** The beginning of what was read of the first line, for error messages. */
  get start(): string {
    return this.#start === "" ? Buffer.concat(this.#pending).toString("utf8", 0, SHOWN_BYTES) : this.#start;
  }

  #take(chunk: Buffer): void {
    if (this.#settle === undefined) return this.#dropMore();
    const newline = chunk.indexOf(LF);
    const lineBytes = this.#pendingBytes + (newline === -1 ? chunk.length : newline);
    this.#pending.push(newline === -1 ? chunk : chunk.subarray(0, newline));
    this.#pendingBytes = lineBytes;
    if (lineBytes > MAX_LINE_BYTES) this.#finish({ kind: "too-long" });
    else if (newline !== -1) this.#finish({ kind: "line", text: Buffer.concat(this.#pending).toString("utf8") });
    if (newline !== -1 && newline < chunk.length - 1) this.#dropMore();
  }

  readonly #end = (): void => {
    const text = Buffer.concat(this.#pending).toString("utf8");
    this.#finish(text === "" ? { kind: "nothing" } : { kind: "line", text });
  };

  #finish(line: FirstLine): void {
    if (this.#settle === undefined) return;
    this.#start = this.start;
    this.#pending = [];
    this.#settle(line);
    this.#settle = undefined;
  }

  #dropMore(): void {
    if (this.#saidMore) return;
    this.#saidMore = true;
    this.#logger.log("debug", "plugin writes to stdout after the handshake, dropped");
  }
}
