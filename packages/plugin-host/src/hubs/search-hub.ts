import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter, RpcOptions } from "@fairlead/plugin-sdk/client";

/**
 * The server's door to its event searcher. A search resolves to the answer's bytes as they came, and rejects with a
 * `PluginHostError`: `ERR_PLUGIN_CALL` when the plugin failed, `ERR_PLUGIN_UNAVAILABLE` when it does not run,
 * `ERR_PLUGIN_NOT_CONFIGURED` when there is none.
 */
export interface SearchHub {
  readonly isConfigured: boolean;
  searchFsEvents(filter: FsEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
  searchProviderEvents(filter: ProviderEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
  searchLogEvents(filter: LogEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
}
