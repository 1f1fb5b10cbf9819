const BLOCK_BYTES = 16 * 1024;
/** Smaller pieces are copied together: each object costs more than its bytes. */
const MIN_PIECE_BYTES = 1024;
/** A piece may keep this many times its own size of memory alive; above that it is copied. */
const MAX_OVERHEAD = 4;

/**
 * What a stream has received and nobody has read: bounded by its window, in memory too. Pieces are views into whatever
 * the transport read at once, so a peer could pin 64 KiB with each byte of its window.
 */
export class UnreadBytes {
  readonly #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  #blockUsed = 0;
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(piece: Buffer): void {
    this.#sizeBytes += piece.length;
    if (piece.length >= MIN_PIECE_BYTES && piece.buffer.byteLength <= piece.length * MAX_OVERHEAD) {
      this.#cutBlock();
      this.#pieces.push(piece);
      return;
    }
    for (let at = 0; at < piece.length;) at += this.#copy(piece, at);
  }

  /** The oldest bytes, at most `maxBytes` of them; `undefined` when there are none. */
  take(maxBytes: number): Buffer | undefined {
    if (this.#pieces.length === 0) this.#cutBlock();
    const piece = this.#pieces[0];
    if (piece === undefined) return undefined;
    const taken = piece.subarray(0, maxBytes);
    if (taken.length === piece.length) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(maxBytes);
    this.#sizeBytes -= taken.length;
    return taken;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#block = undefined;
    this.#blockUsed = 0;
    this.#sizeBytes = 0;
  }

  #copy(piece: Buffer, at: number): number {
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const copied = piece.copy(this.#block, this.#blockUsed, at);
    this.#blockUsed += copied;
    if (this.#blockUsed === BLOCK_BYTES) this.#cutBlock();
    return copied;
  }

  #cutBlock(): void {
    if (this.#block === undefined) return;
    const filled = this.#block.subarray(0, this.#blockUsed);
    this.#pieces.push(filled.length * MAX_OVERHEAD < BLOCK_BYTES ? copyOf(filled) : filled);
    this.#block = undefined;
    this.#blockUsed = 0;
  }
}

/** In memory of its own: a block that is hardly used must not live as long as its few bytes. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
