/** One field as it stands on the wire: a varint, or the bytes of anything else. */
export interface WireField {
  readonly number: number;
  readonly value: number | Buffer;
}

/**
 * Walks over the fields of a protobuf message, unknown ones included. Varints past 2^53 lose their last bits; no field
 * read here holds such a one.
 *
 * @throws {TypeError} for bytes that are no message.
 */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const tag = readVarint(message, cursor);
    const wireType = tag % 8;
    const number = (tag - wireType) / 8;
    if (number === 0) throw new TypeError("a protobuf message holds a field without a number");
    if (wireType === 0) {
      yield { number, value: readVarint(message, cursor) };
      continue;
    }
    const sizeBytes = sizeOf(wireType, message, cursor);
    const end = cursor.at + sizeBytes;
    if (!(end <= message.length)) throw new TypeError("a protobuf message ends inside a field");
    const value = message.subarray(cursor.at, end);
    cursor.at = end;
    yield { number, value };
  }
}

/** A field of bytes, also when they are empty: inside a oneof an empty one says which it is. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

/** A field of text; nothing at all when it is empty, the default. */
export function textField(number: number, text: string): Uint8Array {
  return text === "" ? new Uint8Array() : bytesField(number, Buffer.from(text, "utf8"));
}

/** A varint field; nothing at all for 0, the default. */
export function numberField(number: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array() : Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

/** `repeated int32`, packed. */
export function packedField(number: number, values: readonly number[]): Uint8Array {
  return values.length === 0 ? new Uint8Array() : bytesField(number, Uint8Array.from(values.flatMap(varint)));
}

/** The text of a field that holds one; undefined for a varint. */
export function textOf({ value }: WireField): string | undefined {
  return typeof value === "number" ? undefined : value.toString("utf8");
}

function sizeOf(wireType: number, message: Buffer, cursor: { at: number }): number {
  if (wireType === 2) return readVarint(message, cursor);
  if (wireType === 1) return 8;
  return wireType === 5 ? 4 : Number.NaN;
}

function readVarint(message: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1, read = 0; read < 10; scale *= 128, read++) {
    const octet = message[cursor.at++];
    if (octet === undefined) break;
    value += (octet & 0x7f) * scale;
    if (octet < 0x80) return value;
  }
  throw new TypeError("a protobuf message holds a malformed varint");
}

function varint(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80);
  return [...octets, rest];
}
