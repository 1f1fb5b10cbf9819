import { defineMethod } from "@fairlead/grpc";
import type { Codec } from "@fairlead/grpc";
import { connInfoCodec } from "./conn-info.ts";
import { readFields, writeBytesField, writeVarintField } from "./protobuf.ts";

/** go-plugin's own services; the schema is in proto/. */

/** A piece of what a plugin printed. */
export interface StdioData {
  /** `undefined` for channels that do not exist (yet). */
  readonly channel: "stdout" | "stderr" | undefined;
  readonly data: Uint8Array;
}

const CHANNELS = ["stdout", "stderr"] as const;

const emptyCodec: Codec<void> = {
  encode: () => new Uint8Array(0),
  // Unknown fields are none of our business, as everywhere in protocol buffers.
  decode() {},
};

/** plugin.StdioData */
export const stdioDataCodec: Codec<StdioData> = {
  encode({ channel, data }) {
    const number = channel === undefined ? 0 : CHANNELS.indexOf(channel) + 1;
    return Buffer.concat([Buffer.from(writeVarintField(1, number)), writeBytesField(2, data)]);
  },
  decode(bytes) {
    let channel: StdioData["channel"];
    let data: Uint8Array = new Uint8Array(0);
    for (const field of readFields(bytes)) {
      if (field.number === 1) channel = CHANNELS[Number(field.varint) - 1];
      // The bytes belong to a buffer that is reused once this returns.
      else if (field.number === 2) data = field.bytes.slice();
    }
    return { channel, data };
  },
};

/** Ends the plugin. */
export const shutdownMethod = defineMethod("unary", "/plugin.GRPCController/Shutdown", emptyCodec, emptyCodec);

/**
 * Our own addition, as metadata of StreamStdio: `stderr` from a host that shows what comes on that channel. Plugins leave
 * their stderr on fd 2 too, for hosts that drop the stream; one that takes it would show everything twice.
 */
export const STDIO_TAKES = "fairlead-stdio-takes";

/** What the plugin prints. */
export const streamStdioMethod = defineMethod(
  "server-streaming",
  "/plugin.GRPCStdio/StreamStdio",
  emptyCodec,
  stdioDataCodec,
);

/** What both sides tell each other about brokered connections. */
export const startStreamMethod = defineMethod(
  "bidirectional",
  "/plugin.GRPCBroker/StartStream",
  connInfoCodec,
  connInfoCodec,
);
