import type { Awaitable, CallContext } from "../call-context.ts";
import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "./filters.ts";
import type { FsEventRow, LogEventRow, ProviderEventRow } from "./rows.ts";

/**
 * What an event searcher can look up. The server shows what comes back and in that order: filtering, ordering and the
 * limit are the plugin's work. A search without handler answers UNIMPLEMENTED; one that throws, UNKNOWN with its message,
 * which SFTPGo shows to the administrator.
 */
export interface EventSearcherHandlers {
  /** Looks up file events. */
  searchFsEvents?(filter: FsEventsFilter, context: CallContext): Awaitable<readonly FsEventRow[]>;
  /** Looks up changes of stored objects. */
  searchProviderEvents?(filter: ProviderEventsFilter, context: CallContext): Awaitable<readonly ProviderEventRow[]>;
  /** Looks up logins. */
  searchLogEvents?(filter: LogEventsFilter, context: CallContext): Awaitable<readonly LogEventRow[]>;
}
