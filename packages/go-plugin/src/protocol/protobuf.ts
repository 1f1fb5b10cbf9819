/**
 * The protocol-buffers wire format as far as go-plugin's own messages need it. Written by hand because these messages
 * are loaded by every plugin at start, and a run-time library would cost more than the handshake does.
 */

/** One field as it stands on the wire; only the two wire types the messages use carry a value. */
export interface WireField {
  readonly number: number;
  readonly varint: bigint;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** Reads all fields, skipping groups' and fixed values' content. Throws RangeError on anything malformed. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const key = Number(readVarint(message, cursor));
    const number = Math.floor(key / 8);
    if (number === 0 || number > 0x1fffffff) throw new RangeError(`field number ${number} is out of range`);
    switch (key % 8) {
      case 0:
        yield { number, varint: readVarint(message, cursor), bytes: NO_BYTES };
        break;
      case 1:
        readBytes(message, cursor, 8);
        break;
      case 2:
        yield { number, varint: 0n, bytes: readBytes(message, cursor, Number(readVarint(message, cursor))) };
        break;
      case 5:
        readBytes(message, cursor, 4);
        break;
      default:
        throw new RangeError(`wire type ${key % 8} is not supported`);
    }
  }
}

/** A varint field; nothing at all for 0, the default. */
export function writeVarintField(number: number, value: number): number[] {
  return value === 0 ? [] : [...varint(number * 8), ...varint(value)];
}

/** A field of bytes; nothing at all when empty, the default. */
export function writeBytesField(number: number, value: Uint8Array): Uint8Array {
  if (value.length === 0) return NO_BYTES;
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

function readVarint(message: Uint8Array, cursor: { at: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = message[cursor.at++];
    if (byte === undefined) throw new RangeError("the message ends inside a number");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw new RangeError("a number has more than ten bytes");
}

function readBytes(message: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > message.length) throw new RangeError("the message ends inside a field");
  const bytes = message.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}
