import { defineMethod } from "@fairlead/grpc";
import {
  FsEvent as WireFsEvent,
  LogEvent as WireLogEvent,
  ProviderEvent as WireProviderEvent,
} from "../gen/notifier/notifier.ts";
import { createCodec, emptyCodec } from "../rpc/codecs.ts";
import {
  fromWireFsEvent,
  fromWireLogEvent,
  fromWireProviderEvent,
  toWireFsEvent,
  toWireLogEvent,
  toWireProviderEvent,
} from "./event-converters.ts";

const fsEvent = createCodec(WireFsEvent, toWireFsEvent, fromWireFsEvent);
const providerEvent = createCodec(WireProviderEvent, toWireProviderEvent, fromWireProviderEvent);
const logEvent = createCodec(WireLogEvent, toWireLogEvent, fromWireLogEvent);

/** The service `proto.Notifier`, on domain types. */
export const notifierMethods = {
  sendFsEvent: defineMethod("unary", "/proto.Notifier/SendFsEvent", fsEvent, emptyCodec),
  sendProviderEvent: defineMethod("unary", "/proto.Notifier/SendProviderEvent", providerEvent, emptyCodec),
  sendLogEvent: defineMethod("unary", "/proto.Notifier/SendLogEvent", logEvent, emptyCodec),
} as const;
