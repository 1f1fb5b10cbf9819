import type { KmsClient } from "@fairlead/plugin-sdk/client";
import type { KmsOptions, KmsPluginConfig } from "../config/plugin-config.ts";
import { callPlugin } from "./call-plugin.ts";
import type { CallSurroundings } from "./call-plugin.ts";
import type { KmsHub, KmsProvider } from "./kms-hub.ts";
import type { PluginRoute, RouteList } from "./plugin-route.ts";

type KmsRoute = PluginRoute<Pick<KmsPluginConfig, "kmsOptions">, KmsClient>;

/** The hub over the kms entries. */
export function createKmsHub(
  routes: RouteList<KmsRoute["config"], KmsClient>,
  surroundings: CallSurroundings = {},
): KmsHub {
  const find = (wanted: (options: KmsOptions) => boolean): KmsProvider | undefined => {
    const route = routes.current().find(({ config }) => wanted(config.kmsOptions));
    return route === undefined ? undefined : createProvider(route, surroundings);
  };
  return {
    // SFTPGo compares no more than the beginning, and as it is written.
    schemeFor: (url) => find(({ scheme }) => url.startsWith(scheme)),
    byStatus: (status) => find(({ encryptedStatus }) => encryptedStatus === status),
  };
}

function createProvider(route: KmsRoute, surroundings: CallSurroundings): KmsProvider {
  return {
    ...route.config.kmsOptions,
    encrypt: (request, options = {}) =>
      callPlugin(
        route,
        {
          run: (client, limits) => client.encrypt(request, limits),
          secrets: () => [request.payload, request.masterKey],
        },
        options,
        surroundings,
      ),
    decrypt: (request, options = {}) =>
      callPlugin(
        route,
        {
          run: (client, limits) => client.decrypt(request, limits),
          secrets: () => [request.payload, request.key, request.masterKey],
        },
        options,
        surroundings,
      ),
  };
}
