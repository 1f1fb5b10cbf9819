import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { RpcOptions } from "@fairlead/plugin-sdk/client";
import { CallMeter } from "../../src/hubs/call-meter.ts";
import type { PluginAvailability, PluginRoute, RouteList } from "../../src/hubs/plugin-route.ts";

/** A route whose plugin comes and goes as the test says. */
export interface FakeRoute<Config, Client> extends PluginRoute<Config, Client> {
  availability: PluginAvailability<Client>;
}

/** The plugin runs with this client, or does not run without one. */
export function createRoute<Config, Client>(
  label: string,
  config: Config,
  client: Client | undefined,
): FakeRoute<Config, Client> {
  const availability: PluginAvailability<Client> =
    client === undefined ? { status: "down", startFailed: false } : { status: "up", client };
  return { label, config, availability, calls: new CallMeter() };
}

/** A list the test may change. */
export function listRoutes<Config, Client>(
  ...routes: PluginRoute<Config, Client>[]
): RouteList<Config, Client> & { routes: readonly PluginRoute<Config, Client>[] } {
  const list = { routes: routes as readonly PluginRoute<Config, Client>[], current: () => list.routes };
  return list;
}

/** Never answers; ends as a call does that is cancelled. */
export function hang({ signal }: RpcOptions = {}): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new GrpcError("CANCELLED", "context canceled")), { once: true });
  });
}

/** As gRPC ends a call that took too long. */
export function tooSlow(): Promise<never> {
  return Promise.reject(new GrpcError("DEADLINE_EXCEEDED", "context deadline exceeded"));
}
