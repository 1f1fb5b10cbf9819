import { GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import type { PluginInfo } from "./plugin-info.ts";
import { pluginInfoMethods } from "./plugin-info-methods.ts";

/** What a plugin says about itself, as its host asks it. */
export interface PluginInfoClient extends PluginClient {
  /** Resolves to `undefined` when the plugin says nothing, as any that SFTPGo's SDK is in. */
  describe(options?: RpcOptions): Promise<PluginInfo | undefined>;
}

/** Asks the plugin at the other end of `connection`. */
export function createPluginInfoClient(connection: ClientConnection): PluginInfoClient {
  const describe = createCaller(connection)(pluginInfoMethods.describe);
  return createPluginClient<CallsOf<PluginInfoClient>>(connection, {
    describe: async (options?: RpcOptions) => {
      try {
        return await describe(undefined, options);
      } catch (error) {
        if (GrpcError.is(error, "UNIMPLEMENTED")) return undefined;
        throw error;
      }
    },
  });
}
