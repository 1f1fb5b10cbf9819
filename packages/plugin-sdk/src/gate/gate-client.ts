import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import type { GateDecision, GateRequest } from "./gate-messages.ts";
import { gateMethods } from "./gate-methods.ts";

/** The gate of a plugin as its host calls it. */
export interface GateClient extends PluginClient {
  /** Rejects with a `GrpcError` when the plugin decided nothing; UNIMPLEMENTED when it has no gate. */
  check(request: GateRequest, options?: RpcOptions): Promise<GateDecision>;
}

/** Calls the gate of the plugin at the other end of `connection`. */
export function createGateClient(connection: ClientConnection): GateClient {
  return createPluginClient<CallsOf<GateClient>>(connection, { check: createCaller(connection)(gateMethods.check) });
}
