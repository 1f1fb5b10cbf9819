import type { EventSearcherClient } from "../eventsearcher/eventsearcher-client.ts";
import type { EventSearcherHandlers } from "../eventsearcher/eventsearcher-handlers.ts";
import { eventSearcherKind } from "../eventsearcher/eventsearcher-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/** Runs an event searcher in this process, as `connectNotifier` does a notifier. Read answers by `parseFsEvents` and its like. */
export function connectEventSearcher(
  plugin: EventSearcherHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<EventSearcherClient>> {
  return connectPlugin(eventSearcherKind, plugin, options);
}
