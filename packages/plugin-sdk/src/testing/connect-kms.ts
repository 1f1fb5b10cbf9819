import type { KmsClient } from "../kms/kms-client.ts";
import type { KmsHandlers } from "../kms/kms-handlers.ts";
import { kmsKind } from "../kms/kms-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/** Runs a kms plugin in this process, as `connectNotifier` does a notifier. */
export function connectKms(
  plugin: KmsHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<KmsClient>> {
  return connectPlugin(kmsKind, plugin, options);
}
