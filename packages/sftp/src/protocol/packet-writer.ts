const FIRST_BUFFER_BYTES = 1024;

/** A buffer that has grown beyond this is not kept for the next packets. */
const MAX_KEPT_BUFFER_BYTES = 16 * 1024;

/**
 * Writes packets one after another into one growing buffer (types of RFC 4251 §5).
 *
 * `begin` and `finish` frame each packet; `take` hands the finished packets over.
 */
export class PacketWriter {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.#length;
  }

  /** Starts a packet of `type` about request `id`; returns where it starts, for `finish`. */
  begin(type: number, id: number): number {
    const start = this.#grow(9);
    this.#buffer[start + 4] = type;
    this.#buffer.writeUInt32BE(id, start + 5);
    return start;
  }

  finish(start: number): void {
    this.#buffer.writeUInt32BE(this.#length - start - 4, start);
  }

  /** Forgets everything written since `start`. */
  rewind(start: number): void {
    this.#length = start;
  }

  uint32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value >>> 0, at);
  }

  /** Overwrites a uint32 written before. */
  patchUint32(at: number, value: number): void {
    this.#buffer.writeUInt32BE(value, at);
  }

  uint64(value: bigint): void {
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at);
  }

  string(text: string): void {
    const length = Buffer.byteLength(text);
    const at = this.#grow(4 + length);
    this.#buffer.writeUInt32BE(length, at);
    this.#buffer.write(text, at + 4, length, "utf8");
  }

  /** The packets written since the last call; the writer keeps nothing of them. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    const isKept = this.#buffer.buffer.byteLength <= MAX_KEPT_BUFFER_BYTES;
    this.#buffer = isKept ? this.#buffer.subarray(this.#length) : Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }

  #grow(bytes: number): number {
    const start = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BUFFER_BYTES, this.#length * 2));
      this.#buffer.copy(grown, 0, 0, start);
      this.#buffer = grown;
    }
    return start;
  }
}
