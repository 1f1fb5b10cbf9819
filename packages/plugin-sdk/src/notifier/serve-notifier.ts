import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { serveKind } from "../serve/serve-kind.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { servedNotifier } from "./served-notifier.ts";

/**
 * Makes this process a notifier plugin: a whole plugin is `await serveNotifier({ onFsEvent(event) { … } })`.
 *
 * Handlers of one user's events are called in order by Fairlead; SFTPGo sends up to 250 events at once in no order. The
 * process ends when the server says so, with exit code 0. Started by a person instead of a server, it explains on stderr
 * what it is and how to configure it, and exits with 1.
 */
export function serveNotifier(plugin: NotifierHandlers & PluginLifecycle & PluginIdentity): Promise<never> {
  return serveKind(servedNotifier, plugin);
}
