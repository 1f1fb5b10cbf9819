import type { DecryptRequest, EncryptedSecret, EncryptRequest, RpcOptions } from "@fairlead/plugin-sdk/client";

/**
 * The server's door to one kms plugin. Its calls reject with a `PluginHostError`: `ERR_PLUGIN_CALL` when the plugin failed,
 * `ERR_PLUGIN_UNAVAILABLE` when it does not run. What is encrypted or decrypted, keys and the master key are in no message.
 */
export interface KmsProvider {
  readonly scheme: string;
  /** The `status` of secrets it encrypted. */
  readonly encryptedStatus: string;
  encrypt(request: EncryptRequest, options?: RpcOptions): Promise<EncryptedSecret>;
  decrypt(request: DecryptRequest, options?: RpcOptions): Promise<string>;
}

/** The server's door to its kms plugins. Ask for the provider each time: a reload changes them. */
export interface KmsHub {
  /** The one whose scheme `kms.secrets.url` begins with. */
  schemeFor(url: string): KmsProvider | undefined;
  /** The one for stored secrets of this status. */
  byStatus(status: string): KmsProvider | undefined;
}
