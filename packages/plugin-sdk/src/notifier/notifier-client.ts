import { Metadata } from "@fairlead/grpc";
import type { CallOptions, ClientConnection, Method } from "@fairlead/grpc";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";
import { notifierMethods } from "./notifier-methods.ts";

/** gRPC metadata that carries the identity of an event. Plugins that do not know it ignore it. */
export const EVENT_ID_METADATA = "fairlead-event-id";

/** What SFTPGo's own client allows a plugin. */
const defaultTimeoutMs = 20_000;

/** Facts of one delivery. */
export interface SendOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** How long the plugin may take. Default 20 000, as SFTPGo's own client. */
  readonly timeoutMs?: number;
  /** Travels as gRPC metadata `fairlead-event-id`; a repeated delivery keeps it. Printable ASCII. */
  readonly eventId?: string;
}

/** A notifier plugin as its host calls it. Every method rejects with a `GrpcError` when the plugin did not take the event. */
export interface NotifierClient {
  /** False once the connection has ended: no call can succeed any more. */
  readonly connected: boolean;
  sendFsEvent(event: FsEvent, options?: SendOptions): Promise<void>;
  sendProviderEvent(event: ProviderEvent, options?: SendOptions): Promise<void>;
  sendLogEvent(event: LogEvent, options?: SendOptions): Promise<void>;
}

/** Calls the notifier service of the plugin at the other end of `connection`. */
export function createNotifierClient(connection: ClientConnection): NotifierClient {
  const send = <Event>(method: Method<Event, void, "unary">, event: Event, options: SendOptions = {}): Promise<void> =>
    connection.unary(method, event, toCallOptions(options));
  let connected = true;
  void connection.closed.then(() => (connected = false));
  return {
    get connected() {
      return connected;
    },
    sendFsEvent: (event, options) => send(notifierMethods.sendFsEvent, event, options),
    sendProviderEvent: (event, options) => send(notifierMethods.sendProviderEvent, event, options),
    sendLogEvent: (event, options) => send(notifierMethods.sendLogEvent, event, options),
  };
}

function toCallOptions({ signal, timeoutMs = defaultTimeoutMs, eventId }: SendOptions): CallOptions {
  return {
    deadlineMs: timeoutMs,
    ...(signal !== undefined && { signal }),
    ...(eventId !== undefined && { metadata: new Metadata([[EVENT_ID_METADATA, eventId]]) }),
  };
}
