import type { Logger } from "@fairlead/go-plugin";
import type { IpFilterClient, RpcOptions } from "@fairlead/plugin-sdk/client";
import type { IpFilterPluginConfig } from "../config/plugin-config.ts";
import { callPlugin, toFailure } from "./call-plugin.ts";
import type { CallSurroundings } from "./call-plugin.ts";
import { findFirstRefusal } from "./first-refusal.ts";
import type { IpFilterHub, IpVerdict } from "./ip-filter-hub.ts";
import { MinuteLog } from "./minute-log.ts";
import type { PluginRoute, RouteList } from "./plugin-route.ts";

type IpFilterRoute = PluginRoute<Pick<IpFilterPluginConfig, "fairlead">, IpFilterClient>;

/** What an ipfilter hub needs. */
export interface IpFilterHubOptions extends CallSurroundings {
  readonly logger: Logger;
}

const ALLOWED: IpVerdict = { allowed: true };

/** Failures that are no decision of the plugin's: somebody should look. */
const FAILURES: ReadonlySet<string> = new Set(["DEADLINE_EXCEEDED", "UNAVAILABLE", "UNIMPLEMENTED", "INTERNAL"]);

/** The hub over the ipfilter entries. */
export function createIpFilterHub(
  routes: RouteList<IpFilterRoute["config"], IpFilterClient>,
  options: IpFilterHubOptions,
): IpFilterHub {
  const log = new MinuteLog(options);

  const ask = async (
    route: IpFilterRoute,
    [ip, protocol]: readonly [string, string],
    limits: RpcOptions,
  ): Promise<IpVerdict> => {
    if (route.availability.status === "down") return judgeMissing(route, log);
    try {
      await callPlugin(route, { run: (client, all) => client.checkIp(ip, protocol, all) }, limits, options);
      return ALLOWED;
    } catch (error) {
      const { summary, grpcCode } = toFailure(error);
      if (FAILURES.has(grpcCode)) {
        log.warn(route.label, "an ipfilter plugin fails and clients are refused", { error: summary });
      }
      return { allowed: false, reason: `${route.label}: ${summary}` };
    }
  };

  const reloadAll = async (): Promise<void> => {
    const running = routes.current().filter(({ availability }) => availability.status !== "down");
    await Promise.all(running.map((route) => reloadOne(route, options)));
  };
  // One after another, as SFTPGo does: a plugin may take its time to read a list and need not expect the next call.
  let reloading = Promise.resolve();

  return {
    get isConfigured() {
      return routes.current().length > 0;
    },
    check: (ip, protocol, limits = {}) =>
      findFirstRefusal(routes.current(), ALLOWED, (route, all) => ask(route, [ip, protocol], all), limits),
    reload: () => (reloading = reloading.then(reloadAll)),
  };
}

function judgeMissing({ label, config }: IpFilterRoute, log: MinuteLog): IpVerdict {
  const deny = config.fairlead.onUnavailable === "deny";
  log.warn(label, "an ipfilter plugin does not run", { clients: deny ? "refused" : "allowed" });
  return deny ? { allowed: false, reason: `${label} does not run and its on_unavailable is "deny"` } : ALLOWED;
}

async function reloadOne(route: IpFilterRoute, options: IpFilterHubOptions): Promise<void> {
  try {
    await callPlugin(route, { run: (client, limits) => client.reload(limits) }, {}, options);
  } catch (error) {
    // SFTPGo's words.
    options.logger.log("error", `unable to reload IP filter plugin: ${toFailure(error).summary}`, {
      plugin: route.label,
    });
  }
}
