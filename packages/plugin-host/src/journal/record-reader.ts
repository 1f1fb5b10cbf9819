const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const maxVarintBytes = 5;

/** Reads what a `RecordWriter` wrote. Throws RangeError for bytes that are missing, TypeError for what is no UTF-8. */
export class RecordReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  int32(): number {
    const value = this.#varint();
    return (value >>> 1) ^ -(value & 1);
  }

  int64(): bigint {
    return this.#bytes.readBigInt64LE(this.#advance(8));
  }

  text(): string {
    return decoder.decode(this.#view());
  }

  /** A copy: an event may be kept longer than the page it was read with. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#view());
  }

  /** Without a prototype: `__proto__` is a key like any other. */
  texts(): Readonly<Record<string, string>> {
    const count = this.#varint();
    const record = Object.create(null) as Record<string, string>;
    for (let index = 0; index < count; index++) record[this.text()] = this.text();
    return record;
  }

  #view(): Uint8Array {
    const lengthBytes = this.#varint();
    const start = this.#advance(lengthBytes);
    return this.#bytes.subarray(start, start + lengthBytes);
  }

  #varint(): number {
    let value = 0;
    for (let index = 0; index < maxVarintBytes; index++) {
      const next = this.byte();
      value += (next & 0x7f) * 2 ** (7 * index);
      if (next < 0x80) {
        if (value > 0xff_ff_ff_ff) break;
        return value;
      }
    }
    throw new RangeError("a number is too long");
  }

  #advance(lengthBytes: number): number {
    const start = this.#position;
    if (lengthBytes > this.#bytes.length - start) throw new RangeError("the record is cut off");
    this.#position += lengthBytes;
    return start;
  }
}
