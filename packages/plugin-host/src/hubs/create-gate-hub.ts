import type { Logger } from "@fairlead/go-plugin";
import type { GateClient, GateDecision, GateRequest, RpcOptions } from "@fairlead/plugin-sdk/client";
import type { PluginConfigBase } from "../config/plugin-config.ts";
import { callPlugin, toFailure } from "./call-plugin.ts";
import type { CallSurroundings } from "./call-plugin.ts";
import { findFirstRefusal } from "./first-refusal.ts";
import type { GateHub, GateRoutes } from "./gate-hub.ts";
import { MinuteLog } from "./minute-log.ts";
import type { PluginRoute } from "./plugin-route.ts";

type GateRoute = PluginRoute<Pick<PluginConfigBase, "fairlead">, GateClient>;

/** What a gate hub needs. */
export interface GateHubOptions extends CallSurroundings {
  readonly logger: Logger;
}

const ALLOWED: GateDecision = { allowed: true };

/** For the user, who can do nothing about it: who is missing is in the log. */
const UNDECIDED: GateDecision = { allowed: false, message: "it could not be decided whether this is allowed" };

/** As the SDK promises plugin authors. */
const maxMessageLength = 256;

/** The hub over the plugins that have a gate. */
export function createGateHub(routes: GateRoutes, options: GateHubOptions): GateHub {
  const log = new MinuteLog(options);

  const ask = async (route: GateRoute, request: GateRequest, limits: RpcOptions): Promise<GateDecision> => {
    const { timeoutMs, onFailure } = route.config.fairlead.gate;
    try {
      const decision = await callPlugin(
        route,
        { run: (client, all) => client.check(request, all) },
        { ...limits, timeoutMs: Math.min(timeoutMs, limits.timeoutMs ?? timeoutMs) },
        options,
      );
      return decision.allowed ? ALLOWED : { allowed: false, message: toPlainText(decision.message) };
    } catch (error) {
      // Whoever asked does not wait any more: that says nothing about the gate, and must open nothing.
      if (limits.signal?.aborted === true) return UNDECIDED;
      log.warn(route.label, "a gate does not decide", {
        operations: onFailure === "deny" ? "refused" : "allowed",
        error: toFailure(error).summary,
      });
      return onFailure === "deny" ? UNDECIDED : ALLOWED;
    }
  };

  return {
    get isConfigured() {
      return routes.current().length > 0;
    },
    check: (request, limits = {}) =>
      findFirstRefusal(routes.current(), ALLOWED, (route, all) => ask(route, request, all), limits),
  };
}

/** What a plugin wrote, as one line for a client. */
function toPlainText(message: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what must not reach a terminal
  const line = message.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  if (line === "") return "a plugin refused it";
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength)}…` : line;
}
