import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";

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
  sendFsEvent(event: FsEvent, options?: SendOptions): Promise<void>;
  sendProviderEvent(event: ProviderEvent, options?: SendOptions): Promise<void>;
  sendLogEvent(event: LogEvent, options?: SendOptions): Promise<void>;
}
