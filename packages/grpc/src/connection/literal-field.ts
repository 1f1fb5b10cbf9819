/**
 * Fields that are not worth a table entry, or must not have one: literals that leave both tables as they are
 * (RFC 7541 §6.2.2, §6.2.3), so blocks with them can be cached around and need no encoder.
 */
export class LiteralFields {
  readonly #parts: Buffer[] = [];
  #listBytes = 0;

  /** What the fields count for against the peer's SETTINGS_MAX_HEADER_LIST_SIZE. */
  get listBytes(): number {
    return this.#listBytes;
  }

  /** `name` and `value` are octets held as latin1 characters; `isSecret` tells intermediaries never to index it. */
  add(name: string, value: string, isSecret: boolean): this {
    this.#parts.push(encodeLiteralField(name, value, isSecret));
    this.#listBytes += name.length + value.length + 32;
    return this;
  }

  encode(): Buffer {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }
}

export function encodeLiteralField(name: string, value: string, isSecret: boolean): Buffer {
  const field = Buffer.allocUnsafe(1 + 6 + name.length + 6 + value.length);
  field[0] = isSecret ? 0x10 : 0x00;
  const end = writeString(field, writeString(field, 1, name), value);
  return field.subarray(0, end);
}

function writeString(target: Buffer, start: number, text: string): number {
  let at = start;
  if (text.length < 0x7f) {
    target[at++] = text.length;
  } else {
    target[at++] = 0x7f;
    let rest = text.length - 0x7f;
    for (; rest >= 0x80; rest >>>= 7) target[at++] = 0x80 | (rest & 0x7f);
    target[at++] = rest;
  }
  return at + target.write(text, at, "latin1");
}
