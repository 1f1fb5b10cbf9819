import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { serveKind } from "../serve/serve-kind.ts";
import type { EventSearcherHandlers } from "./eventsearcher-handlers.ts";
import { servedEventSearcher } from "./served-eventsearcher.ts";

/**
 * Makes this process an event searcher: the server's log pages and its `GET /api/v2/events` show what it finds. The
 * process ends when the server says so. Started by a person, it explains itself and exits with 1.
 */
export function serveEventSearcher(plugin: EventSearcherHandlers & PluginLifecycle & PluginIdentity): Promise<never> {
  return serveKind(servedEventSearcher, plugin);
}
