/** Sizes lent again and again: the usual transfers of 32, 64 and 255 KiB with their headers, and the longest packet. */
const CLASS_BYTES = [34 * 1024, 66 * 1024, 258 * 1024] as const;

/** Buffers below this come from Node's own slab and are not kept. */
const MIN_POOLED_BYTES = 4096;

/**
 * Lends buffers for packets and replies, keeping a bounded amount of what comes back.
 *
 * A buffer that is never given back is simply collected.
 */
export class BufferPool {
  readonly #maxIdleBytes: number;
  readonly #idle: Buffer[][] = CLASS_BYTES.map(() => []);
  #idleBytes = 0;

  constructor(maxIdleBytes: number) {
    this.#maxIdleBytes = maxIdleBytes;
  }

  /** A buffer of at least `bytes`, with unknown content. */
  take(bytes: number): Buffer {
    if (bytes < MIN_POOLED_BYTES) return Buffer.allocUnsafe(bytes);
    const index = CLASS_BYTES.findIndex((size) => size >= bytes);
    const size = CLASS_BYTES[index];
    if (size === undefined) return Buffer.allocUnsafeSlow(bytes);
    const idle = this.#idle[index]?.pop();
    if (idle === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return idle;
  }

  /** Takes back a buffer of `take` that nobody else looks at any more. */
  give(buffer: Buffer): void {
    const index = (CLASS_BYTES as readonly number[]).indexOf(buffer.length);
    if (index < 0 || this.#idleBytes + buffer.length > this.#maxIdleBytes) return;
    this.#idle[index]?.push(buffer);
    this.#idleBytes += buffer.length;
  }

  /** Lets go of everything idle. */
  clear(): void {
    for (const idle of this.#idle) idle.length = 0;
    this.#idleBytes = 0;
  }
}
