import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { serveKind } from "../serve/serve-kind.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";
import { servedIpFilter } from "./served-ipfilter.ts";

/**
 * Makes this process an ipfilter: the server asks it about every connection. The process ends when the server says so.
 * Started by a person, it explains itself and exits with 1.
 */
export function serveIpFilter(plugin: IpFilterHandlers & PluginLifecycle & PluginIdentity): Promise<never> {
  return serveKind(servedIpFilter, plugin);
}
