import { BinaryWriter } from "@bufbuild/protobuf/wire";

const initialBytes = 4 * 1024;
/** A larger buffer is given away with its message instead of being kept. */
const maxKeptBytes = 64 * 1024;
/** Longer text is worth a native call; a length up to 127 takes one byte. */
const maxShortText = 40;
const maxVarintBytes = 10;

/**
 * What generated `encode` functions write to, faster than the runtime's own writer (half its time for a file
 * event): one buffer for all messages, and text goes straight into it. Has the methods our messages need.
 *
 * One message at a time: `start()`, then the generated function, then `finish()`.
 */
export class ReusedWriter extends BinaryWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes);
  #length = 0;
  readonly #forks: number[] = [];

  /** Forgets what an encoding that threw has left. */
  start(): this {
    this.#length = 0;
    this.#forks.length = 0;
    return this;
  }

  override finish(): Uint8Array<ArrayBuffer> {
    const message = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length <= maxKeptBytes) return new Uint8Array(message);
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    return message;
  }

  override fork(): this {
    this.#forks.push(this.#length);
    return this;
  }

  override join(): this {
    const start = this.#forks.pop();
    if (start === undefined) throw new RangeError("join without fork");
    const end = this.#length;
    this.#varint(end - start);
    // The length was written behind the message it belongs before.
    const prefix = Uint8Array.prototype.slice.call(this.#buffer, end, this.#length);
    this.#buffer.copyWithin(start + prefix.length, start, end);
    this.#buffer.set(prefix, start);
    return this;
  }

  override uint32(value: number): this {
    this.#varint(value);
    return this;
  }

  override bool(value: boolean): this {
    this.#varint(value ? 1 : 0);
    return this;
  }

  override int32(value: number): this {
    if (value !== Math.trunc(value) || value < -(2 ** 31) || value >= 2 ** 31) {
      throw new RangeError(`${value} is no 32-bit integer`);
    }
    if (value >= 0) this.#varint(value);
    else this.#varint64(BigInt(value));
    return this;
  }

  override int64(value: bigint | number | string): this {
    this.#varint64(BigInt(value));
    return this;
  }

  override string(value: string): this {
    if (value.length <= maxShortText && this.#shortAscii(value)) return this;
    const bytes = Buffer.byteLength(value);
    this.#varint(bytes);
    this.#reserve(bytes);
    this.#length += this.#buffer.write(value, this.#length, "utf8");
    return this;
  }

  override bytes(value: Uint8Array): this {
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** False, and nothing written, when there is a character of more than one byte. A native call would cost more. */
  #shortAscii(value: string): boolean {
    this.#reserve(1 + value.length);
    const buffer = this.#buffer;
    let end = this.#length + 1;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      buffer[end++] = code;
    }
    buffer[this.#length] = value.length;
    this.#length = end;
    return true;
  }

  /** @param value an integer from 0 to 2^32 - 1 */
  #varint(value: number): void {
    this.#reserve(maxVarintBytes);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** @param value a 64-bit integer, signed or not */
  #varint64(value: bigint): void {
    this.#reserve(maxVarintBytes);
    let low = Number(BigInt.asUintN(32, value));
    let high = Number(BigInt.asUintN(32, value >> 32n));
    while (high > 0 || low > 0x7f) {
      this.#buffer[this.#length++] = (low & 0x7f) | 0x80;
      low = ((high << 25) | (low >>> 7)) >>> 0;
      high >>>= 7;
    }
    this.#buffer[this.#length++] = low;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
