import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import { eventSearcherMethods } from "./eventsearcher-methods.ts";
import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "./filters.ts";

/**
 * An event searcher as its host calls it. A search resolves to the answer's bytes as they came, a JSON array if the plugin
 * does as it should: a server passes them on, `parseFsEvents` and its like read them. It rejects with a `GrpcError`
 * when the plugin failed.
 */
export interface EventSearcherClient extends PluginClient {
  searchFsEvents(filter: FsEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
  searchProviderEvents(filter: ProviderEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
  searchLogEvents(filter: LogEventsFilter, options?: RpcOptions): Promise<Uint8Array>;
}

/** Calls the search service of the plugin at the other end of `connection`. */
export function createEventSearcherClient(connection: ClientConnection): EventSearcherClient {
  const call = createCaller(connection);
  return createPluginClient<CallsOf<EventSearcherClient>>(connection, {
    searchFsEvents: call(eventSearcherMethods.searchFsEvents),
    searchProviderEvents: call(eventSearcherMethods.searchProviderEvents),
    searchLogEvents: call(eventSearcherMethods.searchLogEvents),
  });
}
