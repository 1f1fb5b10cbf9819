import type { PluginConfig } from "./config/plugin-config.ts";
import type { NotifierHub } from "./delivery/notifier-hub.ts";
import type { AuthHub } from "./hubs/auth-hub.ts";
import type { GateHub } from "./hubs/gate-hub.ts";
import type { IpFilterHub } from "./hubs/ip-filter-hub.ts";
import type { KmsHub } from "./hubs/kms-hub.ts";
import type { SearchHub } from "./hubs/search-hub.ts";
import type { JournalStatus } from "./journal/event-journal.ts";
import type { PluginStatus } from "./plugin-status.ts";
import type { ReloadReport } from "./reload/reload-report.ts";

/** Every plugin of a host, from its start to its end. The hubs are the same objects all the time, also across reloads. */
export interface PluginManager extends AsyncDisposable {
  readonly notifiers: NotifierHub;
  readonly auth: AuthHub;
  readonly kms: KmsHub;
  readonly ipFilter: IpFilterHub;
  readonly searcher: SearchHub;
  /** Asked before file operations. */
  readonly gates: GateHub;
  /** One entry of the configuration each, in its order. */
  status(): readonly PluginStatus[];
  /** The journal of events; `undefined` while no entry has `delivery: "journal"`. */
  journal(): JournalStatus | undefined;
  /**
   * Makes the running plugins those of another configuration: new entries start; changed ones start anew and take over
   * when they run, while what they replace ends its calls and then stops; what needs no new process changes at once;
   * what is unchanged goes on; removed entries deliver what was accepted, for at most 10 s, and stop. Entries that were
   * given up or wait for a restart are tried at once. IP filters are told to read their lists again.
   *
   * No event is lost and no call fails because of it. Where a process does not start, what was there stays: see the
   * report, and the log. Reloads run one after the other; resolves when the old processes are gone, and after 20 s though
   * somebody may still be about to log in through one. Rejects, and changes nothing, after {@link stop} with
   * `ERR_PLUGINS_STOPPED`, and with `ERR_JOURNAL` when the first entry with `delivery: "journal"` finds none that opens.
   */
  reload(plugins: readonly PluginConfig[]): Promise<ReloadReport>;
  /**
   * Delivers what was accepted for at most `drainMs` (default 10 000), then stops every plugin. End the sessions first:
   * what is published afterwards is dropped. Idempotent; never rejects.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}
