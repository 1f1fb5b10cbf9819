import type { NotifierHub } from "./delivery/notifier-hub.ts";
import type { PluginStatus } from "./plugin-status.ts";

/** Every plugin of a host, from its start to its end. */
export interface PluginManager extends AsyncDisposable {
  readonly notifiers: NotifierHub;
  /** One entry a plugin, in the order of the configuration. */
  status(): readonly PluginStatus[];
  /**
   * Delivers what was accepted for at most `drainMs` (default 10 000), then stops every plugin. End the sessions first:
   * what is published afterwards is dropped. Idempotent; never rejects.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}
