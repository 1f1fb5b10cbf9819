import type { GateClient, GateDecision, GateRequest, RpcOptions } from "@fairlead/plugin-sdk/client";
import type { PluginConfigBase } from "../config/plugin-config.ts";
import type { RouteList } from "./plugin-route.ts";

/**
 * One route for each process (not each entry) that has a gate, whatever its type. A process belongs here from the first
 * time it said so, while it is down too, until it says otherwise or its entries are removed; and always when its entry's
 * `fairlead.gate.expected` is true.
 */
export type GateRoutes = RouteList<Pick<PluginConfigBase, "fairlead">, GateClient>;

/** The server's door to the plugins that may refuse file operations. */
export interface GateHub {
  /** False when no plugin has a gate: nothing needs to be asked. */
  readonly isConfigured: boolean;
  /**
   * Asks all of them at once; the first refusal refuses. Where one does not answer in time, fails or does not run, its
   * `gate.on_failure` decides, and a warning says so. Never rejects.
   */
  check(request: GateRequest, options?: RpcOptions): Promise<GateDecision>;
}
