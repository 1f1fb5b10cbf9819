import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/gate/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { noResult } from "../rpc/refusals.ts";
import { createGateClient } from "./gate-client.ts";
import type { GateClient } from "./gate-client.ts";
import type { GateHandlers } from "./gate-handlers.ts";
import { GATE_OPERATIONS } from "./gate-messages.ts";
import type { GateDecision } from "./gate-messages.ts";
import { gateMethods } from "./gate-methods.ts";

/** The name of the gate's service: a plugin that has one names it among its services. */
export const GATE_SERVICE = "fairlead.Gate";

/** The gate of a plugin of whatever kind, from both sides. It has no cookie of its own. */
export const gateKind = definePluginKind<GateHandlers, GateClient>({
  name: "gate",
  register: registerGate,
  connect: (connection) => createGateClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerGate(registrar: ServiceRegistrar, handlers: GateHandlers, { logger }: ServeContext): void {
  registrar.handleUnary(gateMethods.check, async (request, call) => {
    checkOperation(request.operation);
    return toDecision(await callHandler((context) => handlers.check(request, context), call, logger));
  });
}

/** A newer server's operation is no plugin's to decide by accident: the server's `on_failure` decides. */
function checkOperation(operation: string): void {
  if (GATE_OPERATIONS.some((known) => known === operation)) return;
  throw new GrpcError("INVALID_ARGUMENT", `unknown operation ${JSON.stringify(operation.slice(0, 32))}`);
}

function toDecision(result: { readonly outcome?: unknown; readonly message?: unknown } | undefined): GateDecision {
  if (result?.outcome === "allowed") return { allowed: true };
  if (result?.outcome === "denied" && typeof result.message === "string") {
    return { allowed: false, message: result.message };
  }
  throw noResult("check", "allowed() or denied(message)");
}
