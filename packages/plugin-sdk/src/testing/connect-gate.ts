import type { GateClient } from "../gate/gate-client.ts";
import type { GateHandlers } from "../gate/gate-handlers.ts";
import { gateKind } from "../gate/gate-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/** Runs a plugin's gate in this process, as `connectNotifier` does a notifier. */
export function connectGate(
  plugin: GateHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<GateClient>> {
  return connectPlugin(gateKind, plugin, options);
}
