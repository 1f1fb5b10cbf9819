import type { Writable } from "node:stream";
import type { Logger } from "../logger.ts";

const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * A copy of what a plugin writes to stderr, byte for byte (go-plugin's `ClientConfig.Stderr`). The plugin's log must go on
 * whatever the sink does: up to 1 MiB waits for a slow one, what is more is dropped and counted.
 */
export class RawCopy {
  readonly #sink: Writable;
  readonly #logger: Logger;
  #droppedBytes = 0;
  #hasFailed = false;

  constructor(sink: Writable, logger: Logger) {
    this.#sink = sink;
    this.#logger = logger;
  }

  write(chunk: Buffer): void {
    if (this.#hasFailed || this.#sink.destroyed || this.#sink.writableEnded) return;
    if (this.#sink.writableLength + chunk.length > MAX_WAITING_BYTES) {
      this.#droppedBytes += chunk.length;
      return;
    }
    this.reportDropped();
    try {
      this.#sink.write(chunk);
    } catch (error) {
      this.#hasFailed = true;
      this.#logger.log("error", "the copy of plugin's stderr failed", { error: String(error) });
    }
  }

  /** When the sink goes on, and at the end. */
  reportDropped(): void {
    if (this.#droppedBytes === 0) return;
    this.#logger.log("warn", "copy of plugin's stderr is incomplete, its sink is too slow", {
      droppedBytes: this.#droppedBytes,
    });
    this.#droppedBytes = 0;
  }
}
