import type { AuthClient } from "../auth/auth-client.ts";
import type { AuthHandlers } from "../auth/auth-handlers.ts";
import { authKind } from "../auth/auth-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/** Runs an auth plugin in this process, as `connectNotifier` does a notifier. */
export function connectAuth(
  plugin: AuthHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<AuthClient>> {
  return connectPlugin(authKind, plugin, options);
}
