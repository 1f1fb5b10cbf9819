import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import { ipFilterMethods } from "./ipfilter-methods.ts";

/** An ipfilter plugin as its host calls it. */
export interface IpFilterClient extends PluginClient {
  /** Resolves when the plugin allows the client; rejects with a `GrpcError` when it refuses it, or fails. */
  checkIp(ip: string, protocol: string, options?: RpcOptions): Promise<void>;
  /** Lets the plugin read its lists again. */
  reload(options?: RpcOptions): Promise<void>;
}

/** Calls the ipfilter service of the plugin at the other end of `connection`. */
export function createIpFilterClient(connection: ClientConnection): IpFilterClient {
  const call = createCaller(connection);
  const checkIp = call(ipFilterMethods.checkIp);
  const reload = call(ipFilterMethods.reload);
  return createPluginClient<CallsOf<IpFilterClient>>(connection, {
    checkIp: async (ip, protocol, options) => checkIp({ ip, protocol }, options),
    reload: async (options) => reload(undefined, options),
  });
}
