const firstSizeBytes = 512;

/** Numbers and texts one after the other, in as many bytes as they need. */
export class RecordWriter {
  #buffer = Buffer.allocUnsafeSlow(firstSizeBytes);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** Small numbers take one byte, negative ones too. Throws RangeError for what is no 32-bit number. */
  int32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`${value} is no 32-bit number`);
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** Throws RangeError for what is no 64-bit number. */
  int64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
  }

  text(value: string): void {
    const lengthBytes = Buffer.byteLength(value);
    this.#varint(lengthBytes);
    this.#reserve(lengthBytes);
    this.#length += this.#buffer.write(value, this.#length, lengthBytes, "utf8");
  }

  bytes(value: Uint8Array): void {
    this.#varint(value.byteLength);
    this.#reserve(value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  texts(value: Readonly<Record<string, string>>): void {
    const entries = Object.entries(value);
    this.#varint(entries.length);
    for (const [key, text] of entries) {
      this.text(key);
      this.text(text);
    }
  }

  /** What was written; the writer is not used again. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  #reserve(sizeBytes: number): void {
    const neededBytes = this.#length + sizeBytes;
    if (neededBytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
