import type { Codec } from "@fairlead/grpc";
import { readFields, writeBytesField, writeVarintField } from "./protobuf.ts";

/** The request to let the next stream of a multiplexed connection in, and the answer to it. */
export interface Knock {
  readonly knock: boolean;
  readonly ack: boolean;
  /** Why the answer is no; empty otherwise. */
  readonly error: string;
}

/** plugin.ConnInfo: what both sides tell each other about brokered connections. */
export interface ConnInfo {
  /** A uint32. */
  readonly serviceId: number;
  /** Empty in a knock. */
  readonly network: string;
  readonly address: string;
  readonly knock?: Knock;
}

/** A path, a host name or an error text: nothing in it is long. */
const MAX_CONN_INFO_BYTES = 8 * 1024;

/** plugin.ConnInfo. Decoding throws RangeError on what is malformed or longer than any address. */
export const connInfoCodec: Codec<ConnInfo> = {
  encode({ serviceId, network, address, knock }) {
    return Buffer.concat([
      Buffer.from(writeVarintField(1, serviceId)),
      writeText(2, network),
      writeText(3, address),
      ...(knock === undefined ? [] : [writeMessage(4, encodeKnock(knock))]),
    ]);
  },
  decode(bytes) {
    if (bytes.length > MAX_CONN_INFO_BYTES) {
      throw new RangeError(`plugin.ConnInfo of ${bytes.length} bytes is longer than ${MAX_CONN_INFO_BYTES}`);
    }
    let [serviceId, network, address] = [0, "", ""];
    let knock: Knock | undefined;
    for (const field of readFields(bytes)) {
      if (field.number === 1) serviceId = Number(BigInt.asUintN(32, field.varint));
      else if (field.number === 2) network = readText(field.bytes);
      else if (field.number === 3) address = readText(field.bytes);
      else if (field.number === 4) knock = decodeKnock(field.bytes);
    }
    return { serviceId, network, address, ...(knock === undefined ? {} : { knock }) };
  },
};

function encodeKnock({ knock, ack, error }: Knock): Uint8Array {
  return Buffer.concat([
    Buffer.from([...writeVarintField(1, Number(knock)), ...writeVarintField(2, Number(ack))]),
    writeText(3, error),
  ]);
}

function decodeKnock(bytes: Uint8Array): Knock {
  let [knock, ack, error] = [false, false, ""];
  for (const field of readFields(bytes)) {
    if (field.number === 1) knock = field.varint !== 0n;
    else if (field.number === 2) ack = field.varint !== 0n;
    else if (field.number === 3) error = readText(field.bytes);
  }
  return { knock, ack, error };
}

function writeText(number: number, text: string): Uint8Array {
  return writeBytesField(number, Buffer.from(text, "utf8"));
}

// An empty message is there all the same, which writeBytesField would leave out.
function writeMessage(number: number, message: Uint8Array): Uint8Array {
  return message.length === 0 ? Buffer.from([number * 8 + 2, 0]) : writeBytesField(number, message);
}

function readText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
