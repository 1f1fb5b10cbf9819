import type { Awaitable, EventContext } from "../call-context.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";

/**
 * What a notifier plugin does with events. Events of a kind without handler are taken and forgotten, so a server may be
 * configured to send more than a plugin wants.
 *
 * A handler that throws or rejects tells the server that the event was not taken: a server with `retry_max_time` set
 * sends it again, others drop it. The server's log gets its message and, as `handler failed`, its stack. Nothing a handler does changes the outcome for the user: `pre-*` events cannot veto.
 */
export interface NotifierHandlers {
  /** A file operation happened, or (`pre-*`) is about to. */
  onFsEvent?(event: FsEvent, context: EventContext): Awaitable<void>;
  /** A user, folder, administrator or other stored object was added, changed or deleted. */
  onProviderEvent?(event: ProviderEvent, context: EventContext): Awaitable<void>;
  /** Somebody logged in, or failed to. */
  onLogEvent?(event: LogEvent, context: EventContext): Awaitable<void>;
}
