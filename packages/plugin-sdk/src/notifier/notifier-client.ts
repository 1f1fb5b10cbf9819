import { Metadata } from "@fairlead/grpc";
import type { CallOptions, ClientConnection, Method } from "@fairlead/grpc";
import { EVENT_ID_METADATA } from "../rpc/event-id.ts";
import { createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import { toCallOptions } from "../rpc/rpc-options.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";
import { notifierMethods } from "./notifier-methods.ts";

/** Facts of one delivery. */
export interface SendOptions extends RpcOptions {
  /** Travels as gRPC metadata `fairlead-event-id`; a repeated delivery keeps it. Printable ASCII. */
  readonly eventId?: string;
}

/** A notifier plugin as its host calls it. Every method rejects with a `GrpcError` when the plugin did not take the event. */
export interface NotifierClient extends PluginClient {
  sendFsEvent(event: FsEvent, options?: SendOptions): Promise<void>;
  sendProviderEvent(event: ProviderEvent, options?: SendOptions): Promise<void>;
  sendLogEvent(event: LogEvent, options?: SendOptions): Promise<void>;
}

/** Calls the notifier service of the plugin at the other end of `connection`. */
export function createNotifierClient(connection: ClientConnection): NotifierClient {
  const send = <Event>(method: Method<Event, void, "unary">, event: Event, options: SendOptions = {}): Promise<void> =>
    connection.unary(method, event, toSendOptions(options));
  return createPluginClient<CallsOf<NotifierClient>>(connection, {
    sendFsEvent: (event, options) => send(notifierMethods.sendFsEvent, event, options),
    sendProviderEvent: (event, options) => send(notifierMethods.sendProviderEvent, event, options),
    sendLogEvent: (event, options) => send(notifierMethods.sendLogEvent, event, options),
  });
}

function toSendOptions(options: SendOptions): CallOptions {
  const { eventId } = options;
  const callOptions = toCallOptions(options);
  return eventId === undefined
    ? callOptions
    : { ...callOptions, metadata: new Metadata([[EVENT_ID_METADATA, eventId]]) };
}
