import type { FieldType, WireField, WireMessage } from "./wire-fields.ts";

/** A request as the recordings write it: 64-bit numbers as text, bytes as `{_text, _json, _len}`, absent fields as zero. */
export type NotedRequest = Record<string, unknown>;

/** Reads the protocol buffers encoding. What no field of the message explains is noted as `unknown field N`. */
export function readRequest(bytes: Uint8Array, message: WireMessage): NotedRequest {
  const request: NotedRequest = {};
  for (const field of Object.values(message)) request[field.name] = zeroOf(field);
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    const field = message[tag >> 3];
    const raw = reader.value(tag & 7);
    if (field === undefined) {
      request[`unknown field ${tag >> 3}`] = String(raw);
    } else {
      note(request, field, raw);
    }
  }
  return request;
}

function note(request: NotedRequest, field: WireField, raw: bigint | Uint8Array): void {
  const list = request[field.name];
  if (field.type === "map") {
    const entry = readRequest(raw as Uint8Array, {
      1: { name: "key", type: "string" },
      2: { name: "value", type: "string" },
    });
    (list as Record<string, unknown>)[String(entry["key"])] = entry["value"];
  } else if (field.repeated !== true) {
    request[field.name] = convert(field.type, raw);
  } else if (typeof raw !== "bigint" && field.type !== "string" && field.type !== "bytes") {
    const packed = new Reader(raw);
    while (!packed.isAtEnd) (list as unknown[]).push(convert(field.type, packed.varint()));
  } else {
    (list as unknown[]).push(convert(field.type, raw));
  }
}

function zeroOf(field: WireField): unknown {
  if (field.repeated === true) return [];
  if (field.type === "map") return {};
  return convert(field.type, field.type === "string" || field.type === "bytes" ? new Uint8Array(0) : 0n);
}

function convert(type: FieldType, raw: bigint | Uint8Array): unknown {
  if (typeof raw !== "bigint") return type === "bytes" ? noteBytes(raw) : Buffer.from(raw).toString("utf8");
  switch (type) {
    case "int32":
      return Number(BigInt.asIntN(32, raw));
    case "bool":
      return raw !== 0n;
    case "order":
      return raw === 0n ? "DESC" : raw === 1n ? "ASC" : Number(raw);
    default:
      return String(BigInt.asIntN(64, raw));
  }
}

function noteBytes(raw: Uint8Array): unknown {
  const text = Buffer.from(raw).toString("utf8");
  if (text === "") return { _len: 0, _text: "" };
  try {
    return { _json: JSON.parse(text) as unknown, _len: raw.length, _text: text };
  } catch {
    return { _len: raw.length, _text: text };
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("a varint is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  value(wireType: number): bigint | Uint8Array {
    switch (wireType) {
      case 0:
        return this.varint();
      case 1:
        return this.#take(8);
      case 2:
        return this.#take(Number(this.varint()));
      case 5:
        return this.#take(4);
      default:
        throw new RangeError(`wire type ${wireType}`);
    }
  }

  #take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new RangeError("a field is cut off");
    this.#at += length;
    return bytes;
  }
}
