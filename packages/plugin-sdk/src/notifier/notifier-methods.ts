import { defineMethod } from "@fairlead/grpc";
import type { Codec } from "@fairlead/grpc";
import {
  FsEvent as WireFsEvent,
  LogEvent as WireLogEvent,
  ProviderEvent as WireProviderEvent,
} from "../gen/notifier/notifier.ts";
import { ReusedWriter } from "../wire/reused-writer.ts";
import {
  fromWireFsEvent,
  fromWireLogEvent,
  fromWireProviderEvent,
  toWireFsEvent,
  toWireLogEvent,
  toWireProviderEvent,
} from "./event-converters.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";

const writer = new ReusedWriter();

const nothing = new Uint8Array(0);

/** google.protobuf.Empty; fields a newer plugin may put there are ignored. */
const empty: Codec<void> = { encode: () => nothing, decode: () => undefined };

const fsEvent: Codec<FsEvent> = {
  encode: (event) => WireFsEvent.encode(toWireFsEvent(event), writer.start()).finish(),
  decode: (bytes) => fromWireFsEvent(WireFsEvent.decode(bytes)),
};

const providerEvent: Codec<ProviderEvent> = {
  encode: (event) => WireProviderEvent.encode(toWireProviderEvent(event), writer.start()).finish(),
  decode: (bytes) => fromWireProviderEvent(WireProviderEvent.decode(bytes)),
};

const logEvent: Codec<LogEvent> = {
  encode: (event) => WireLogEvent.encode(toWireLogEvent(event), writer.start()).finish(),
  decode: (bytes) => fromWireLogEvent(WireLogEvent.decode(bytes)),
};

/** The service `proto.Notifier`, on domain types. */
export const notifierMethods = {
  sendFsEvent: defineMethod("unary", "/proto.Notifier/SendFsEvent", fsEvent, empty),
  sendProviderEvent: defineMethod("unary", "/proto.Notifier/SendProviderEvent", providerEvent, empty),
  sendLogEvent: defineMethod("unary", "/proto.Notifier/SendLogEvent", logEvent, empty),
} as const;
