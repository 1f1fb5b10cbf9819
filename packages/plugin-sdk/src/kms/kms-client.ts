import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import type { DecryptRequest, EncryptedSecret, EncryptRequest } from "./kms-messages.ts";
import { kmsMethods } from "./kms-methods.ts";

/** A kms plugin as its host calls it. Both calls reject with a `GrpcError` when the plugin could not do it. */
export interface KmsClient extends PluginClient {
  encrypt(request: EncryptRequest, options?: RpcOptions): Promise<EncryptedSecret>;
  /** Resolves to the secret in clear. */
  decrypt(request: DecryptRequest, options?: RpcOptions): Promise<string>;
}

/** Calls the kms service of the plugin at the other end of `connection`. */
export function createKmsClient(connection: ClientConnection): KmsClient {
  const call = createCaller(connection);
  return createPluginClient<CallsOf<KmsClient>>(connection, {
    encrypt: call(kmsMethods.encrypt),
    decrypt: call(kmsMethods.decrypt),
  });
}
