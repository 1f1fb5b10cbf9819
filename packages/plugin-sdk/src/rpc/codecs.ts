import type { Codec } from "@fairlead/grpc";
import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ReusedWriter } from "../wire/reused-writer.ts";

/** What is generated for a message. */
interface WireMessage<Wire> {
  encode(message: Wire, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): Wire;
}

const writer = new ReusedWriter();

/** Writes and reads a message as a type of ours. */
export function createCodec<Wire, Message>(
  wire: WireMessage<Wire>,
  toWire: (message: Message) => Wire,
  fromWire: (message: Wire) => Message,
): Codec<Message> {
  return {
    encode: (message) => wire.encode(toWire(message), writer.start()).finish(),
    decode: (bytes) => fromWire(wire.decode(bytes)),
  };
}

const nothing = new Uint8Array(0);

/** google.protobuf.Empty; fields a newer peer may put there are ignored. */
export const emptyCodec: Codec<void> = { encode: () => nothing, decode: () => undefined };
