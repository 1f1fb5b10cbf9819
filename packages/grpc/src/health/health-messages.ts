import type { Codec } from "../method.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus, in the order of its numbers. */
const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
/** What grpc.health.v1 says of a service. */
export type ServingStatus = (typeof SERVING_STATUSES)[number];

/** A message is a name or a number. Fields beyond what a name can be are not walked over. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** HealthCheckRequest: `string service = 1`. */
export const healthRequestCodec: Codec<string> = {
  encode(service) {
    const text = Buffer.from(service, "utf8");
    return text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a]), encodeVarint(text.length), text]);
  },
  decode(bytes) {
    let service = "";
    for (const field of readFields(bytes)) {
      if (field.number === 1 && typeof field.value !== "number") service = field.value.toString("utf8");
    }
    return service;
  },
};

/** HealthCheckResponse: `ServingStatus status = 1`. */
export const healthResponseCodec: Codec<ServingStatus> = {
  encode(status) {
    const number = SERVING_STATUSES.indexOf(status);
    return number === 0 ? new Uint8Array() : Uint8Array.of(0x08, number);
  },
  decode(bytes) {
    let status: ServingStatus = "UNKNOWN";
    for (const field of readFields(bytes)) {
      if (field.number === 1 && typeof field.value === "number") status = SERVING_STATUSES[field.value] ?? "UNKNOWN";
    }
    return status;
  },
};

interface Field {
  readonly number: number;
  /** A varint, or the bytes of anything else. */
  readonly value: number | Buffer;
}

/** Walks over the fields of a protobuf message, unknown ones included. */
function* readFields(bytes: Uint8Array): Generator<Field> {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (message.length > MAX_MESSAGE_BYTES) throw new TypeError(`a health message of ${message.length} bytes`);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1, read = 0; read < 10; scale *= 128, read++) {
      const octet = message[at++];
      if (octet === undefined) break;
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
    throw new TypeError("a health message holds a malformed varint");
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    const number = (tag - wireType) / 8;
    if (wireType === 0) {
      yield { number, value: varint() };
      continue;
    }
    const sizeBytes = wireType === 2 ? varint() : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
    if (!(at + sizeBytes <= message.length)) throw new TypeError("a health message ends inside a field");
    yield { number, value: message.subarray(at, at + sizeBytes) };
    at += sizeBytes;
  }
}

function encodeVarint(value: number): Buffer {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80);
  return Buffer.from([...octets, rest]);
}
