/** A protobuf message as it travels: field number → value. Written apart from the generated code, to check it. */
export type WireFields = ReadonlyMap<number, bigint | string | Uint8Array>;

const varintType = 0;
const lengthDelimitedType = 2;

/** Reads varint and length-delimited fields, the only ones our messages have; the latter as bytes. Of each the last. */
export function readWireFields(bytes: Uint8Array): Map<number, bigint | Uint8Array> {
  return new Map(readWireFieldList(bytes));
}

/** The same in order, repeated fields one by one. */
export function readWireFieldList(bytes: Uint8Array): [number, bigint | Uint8Array][] {
  const fields: [number, bigint | Uint8Array][] = [];
  let offset = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[offset++];
      if (byte === undefined) throw new RangeError("truncated varint");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  while (offset < bytes.length) {
    const tag = Number(readVarint());
    const type = tag & 7;
    if (type === varintType) {
      fields.push([tag >> 3, readVarint()]);
    } else if (type === lengthDelimitedType) {
      const length = Number(readVarint());
      fields.push([tag >> 3, bytes.slice(offset, (offset += length))]);
    } else {
      throw new RangeError(`unexpected wire type ${type}`);
    }
  }
  return fields;
}
