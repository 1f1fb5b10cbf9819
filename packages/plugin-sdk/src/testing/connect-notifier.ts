import type { NotifierClient } from "../notifier/notifier-client.ts";
import type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
import { notifierKind } from "../notifier/notifier-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/**
 * Runs a notifier plugin in this process: `start`, then every call through the same converters and the same gRPC as
 * between a server and a plugin process, over a pair of in-memory streams.
 */
export function connectNotifier(
  plugin: NotifierHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<NotifierClient>> {
  return connectPlugin(notifierKind, plugin, options);
}
