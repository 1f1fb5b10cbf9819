/** A value a provider cannot know before it applies a plan. */
export const UNKNOWN = Symbol("unknown");

export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | typeof UNKNOWN
  | readonly MsgpackValue[]
  | { readonly [key: string]: MsgpackValue };

/** Reads the part of msgpack that Terraform's values are made of: an extension of any kind is an unknown value. */
export function decodeMsgpack(bytes: Uint8Array): MsgpackValue {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.rest > 0) throw new RangeError(`msgpack: ${reader.rest} bytes after the value`);
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  value(): MsgpackValue {
    const tag = this.#uint(1);
    if (tag <= 0x7f) return tag;
    if (tag <= 0x8f) return this.#map(tag & 0x0f);
    if (tag <= 0x9f) return this.#array(tag & 0x0f);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    if (tag >= 0xd4 && tag <= 0xd8) return this.#extension(1 << (tag - 0xd4));
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return this.#take(8).readDoubleBE();
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (tag - 0xcc));
      case 0xcf:
        return this.#take(8).readBigUInt64BE();
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#take(1 << (tag - 0xd0)).readIntBE(0, 1 << (tag - 0xd0));
      case 0xd3:
        return this.#take(8).readBigInt64BE();
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (tag - 0xc7)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (tag - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (tag - 0xde)));
      default:
        throw new RangeError(`msgpack: no type 0x${tag.toString(16)} in Terraform's values`);
    }
  }

  #map(size: number): MsgpackValue {
    return Object.fromEntries(Array.from({ length: size }, () => [this.#key(), this.value()]));
  }

  #key(): string {
    const key = this.value();
    if (typeof key === "string") return key;
    throw new TypeError("msgpack: a key that is no text");
  }

  #array(size: number): MsgpackValue {
    return Array.from({ length: size }, () => this.value());
  }

  #text(sizeBytes: number): string {
    return this.#take(sizeBytes).toString("utf8");
  }

  #extension(sizeBytes: number): typeof UNKNOWN {
    this.#take(1 + sizeBytes);
    return UNKNOWN;
  }

  #uint(sizeBytes: number): number {
    return this.#take(sizeBytes).readUIntBE(0, sizeBytes);
  }

  #take(sizeBytes: number): Buffer {
    if (sizeBytes > this.rest) throw new RangeError("msgpack: it ends early");
    this.#at += sizeBytes;
    return this.#bytes.subarray(this.#at - sizeBytes, this.#at);
  }
}
