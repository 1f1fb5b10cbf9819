import type { FileHandle } from "../file-system.ts";

interface QueuedWrite {
  readonly bytes: Uint8Array;
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Most pieces handed over at once; far below the 1024 that writev(2) takes. */
const MAX_PIECES = 64;

/**
 * Writes to one file one after another, in order, and joins what has queued up meanwhile and is adjacent.
 *
 * Writing one file from several threads gains nothing on a local disk, since the kernel lets one writer in at a time and
 * the others spin; measured, they cost a tenth of the CPU of an upload.
 */
export class WriteQueue {
  readonly #file: FileHandle;
  readonly #append: boolean;
  #queue: QueuedWrite[] = [];
  #busy = false;

  /** @param append positions do not matter, so that any neighbours can be joined */
  constructor(file: FileHandle, append: boolean) {
    this.#file = file;
    this.#append = append;
  }

  /** Resolves when `bytes` are written; they must stay as they are until then. */
  write(bytes: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ bytes, position, resolve, reject });
      if (!this.#busy) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let run = this.#takeRun(); run.length > 0; run = this.#takeRun()) {
      try {
        await this.#writeRun(run);
        for (const { resolve } of run) resolve();
      } catch (error: unknown) {
        for (const { reject } of run) reject(error);
      }
    }
    this.#busy = false;
  }

  async #writeRun(run: readonly QueuedWrite[]): Promise<void> {
    const [first] = run as [QueuedWrite, ...QueuedWrite[]];
    if (run.length === 1 || this.#file.writeMany === undefined) await this.#file.write(first.bytes, first.position);
    else
      await this.#file.writeMany(
        run.map(({ bytes }) => bytes),
        first.position,
      );
  }

  /** Takes the oldest write out, with those behind it that continue it. */
  #takeRun(): readonly QueuedWrite[] {
    const limit = this.#file.writeMany === undefined ? 1 : MAX_PIECES;
    let count = 0;
    let end: number | undefined;
    for (const { position, bytes } of this.#queue) {
      if (count === limit || (end !== undefined && !this.#append && position !== end)) break;
      end = position + bytes.length;
      count += 1;
    }
    if (count === this.#queue.length) {
      const run = this.#queue;
      this.#queue = [];
      return run;
    }
    return this.#queue.splice(0, count);
  }
}
