import type { StdioData } from "../protocol/services.ts";

type Channel = "stdout" | "stderr";

interface QueuedPrint extends StdioData {
  readonly isOnlyCopy: boolean;
}

const CHUNK_BYTES = 16 * 1024;
const HIGH_WATER_BYTES = 64 * 1024;
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * Holds what a plugin's code prints until the host's StreamStdio call takes it. Two callers share the chunks, as in
 * go-plugin. Bounded: a Go plugin's print blocks when nobody reads, a Node program cannot, so what does not fit is
 * dropped and counted.
 */
export class StdioRelay {
  readonly #chunks: QueuedPrint[] = [];
  #queuedBytes = 0;
  #droppedBytes = 0;
  #readers = 0;
  #stderrTakers = 0;
  #wake: (() => void)[] = [];
  #drained: (() => void)[] = [];

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** Whether a host takes what is pushed. */
  get isRead(): boolean {
    return this.#readers > 0;
  }

  /** Whether one of them shows what is printed on stderr. */
  get isStderrTaken(): boolean {
    return this.#stderrTakers > 0;
  }

  /** Whether as much as this would be kept. */
  hasRoomFor(bytes: number): boolean {
    return this.#queuedBytes + bytes <= MAX_QUEUED_BYTES;
  }

  /**
   * Takes a copy, the only one there is unless told otherwise. False when the writer had better wait for
   * {@link onceDrained}; always true while nobody reads.
   */
  push(channel: Channel, bytes: Uint8Array, { isOnlyCopy = true }: { readonly isOnlyCopy?: boolean } = {}): boolean {
    const copy = Buffer.from(bytes);
    for (let at = 0; at < copy.length; at += CHUNK_BYTES) {
      this.#queue({ channel, data: copy.subarray(at, at + CHUNK_BYTES), isOnlyCopy });
    }
    for (const wake of this.#wake.splice(0)) wake();
    return this.#readers === 0 || this.#queuedBytes < HIGH_WATER_BYTES;
  }

  onceDrained(listener: () => void): void {
    this.#drained.push(listener);
  }

  /** The chunks in order, for ever; ends when the signal is aborted. */
  async *read(
    signal: AbortSignal,
    { takesStderr = false }: { readonly takesStderr?: boolean } = {},
  ): AsyncGenerator<StdioData> {
    this.#readers++;
    if (takesStderr) this.#stderrTakers++;
    try {
      for (;;) {
        const chunk = await this.#next(signal);
        if (chunk === undefined) return;
        yield { channel: chunk.channel, data: chunk.data };
      }
    } finally {
      this.#readers--;
      if (takesStderr) this.#stderrTakers--;
      this.#release();
    }
  }

  /** Everything still queued that is nowhere else, for another way out. */
  takeOnlyCopies(): readonly StdioData[] {
    this.#queuedBytes = 0;
    return this.#chunks.splice(0).filter(({ isOnlyCopy }) => isOnlyCopy);
  }

  #queue(print: QueuedPrint): void {
    const { length } = print.data;
    if (!this.hasRoomFor(length)) {
      this.#droppedBytes += length;
      return;
    }
    this.#chunks.push(print);
    this.#queuedBytes += length;
  }

  async #next(signal: AbortSignal): Promise<QueuedPrint | undefined> {
    while (!signal.aborted) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.data.length;
        if (this.#queuedBytes < HIGH_WATER_BYTES) this.#release();
        return chunk;
      }
      await this.#arrival(signal);
    }
    return undefined;
  }

  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#wake = this.#wake.filter((other) => other !== wake);
        resolve();
      };
      signal.addEventListener("abort", wake);
      this.#wake.push(wake);
    });
  }

  #release(): void {
    for (const listener of this.#drained.splice(0)) listener();
  }
}
