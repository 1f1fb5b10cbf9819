import type { EventSearcherClient, RpcOptions } from "@fairlead/plugin-sdk/client";
import { PluginHostError } from "../plugin-host-error.ts";
import { callPlugin } from "./call-plugin.ts";
import type { CallSurroundings } from "./call-plugin.ts";
import type { RouteList } from "./plugin-route.ts";
import type { SearchHub } from "./search-hub.ts";

/** The hub over the eventsearcher entry; the configuration allows one. */
export function createSearchHub(
  routes: RouteList<unknown, EventSearcherClient>,
  surroundings: CallSurroundings = {},
): SearchHub {
  const search =
    <Filter>(run: (client: EventSearcherClient, filter: Filter, options: RpcOptions) => Promise<Uint8Array>) =>
    async (filter: Filter, options: RpcOptions = {}): Promise<Uint8Array> => {
      const [route] = routes.current();
      if (route === undefined) {
        throw new PluginHostError("ERR_PLUGIN_NOT_CONFIGURED", "no eventsearcher plugin is configured");
      }
      return callPlugin(route, { run: (client, limits) => run(client, filter, limits) }, options, surroundings);
    };
  return {
    get isConfigured() {
      return routes.current().length > 0;
    },
    searchFsEvents: search((client, filter, options) => client.searchFsEvents(filter, options)),
    searchProviderEvents: search((client, filter, options) => client.searchProviderEvents(filter, options)),
    searchLogEvents: search((client, filter, options) => client.searchLogEvents(filter, options)),
  };
}
