/** Writes the few answers a probe gives; fields that are zero are left out, as protocol buffers has it. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  text(field: number, value: string | Uint8Array): this {
    if (value.length === 0) return this;
    const bytes = Buffer.from(value as string);
    this.#parts.push(varint((field << 3) | 2), varint(bytes.length), bytes);
    return this;
  }

  texts(field: number, values: readonly string[]): this {
    for (const value of values) {
      const bytes = Buffer.from(value);
      this.#parts.push(varint((field << 3) | 2), varint(bytes.length), bytes);
    }
    return this;
  }

  number(field: number, value: number): this {
    if (value !== 0) this.#parts.push(varint(field << 3), varint(value));
    return this;
  }

  flags(field: number, values: readonly boolean[]): this {
    return this.text(
      field,
      Uint8Array.from(values, (value) => (value ? 1 : 0)),
    );
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
