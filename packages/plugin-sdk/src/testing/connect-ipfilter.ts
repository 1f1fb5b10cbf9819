import type { IpFilterClient } from "../ipfilter/ipfilter-client.ts";
import type { IpFilterHandlers } from "../ipfilter/ipfilter-handlers.ts";
import { ipFilterKind } from "../ipfilter/ipfilter-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";

/** Runs an ipfilter plugin in this process, as `connectNotifier` does a notifier. */
export function connectIpFilter(
  plugin: IpFilterHandlers & PluginLifecycle,
  options?: ConnectOptions,
): Promise<ConnectedPlugin<IpFilterClient>> {
  return connectPlugin(ipFilterKind, plugin, options);
}
