import { createHealthService, createReflectionService } from "@fairlead/grpc";
import type { GrpcServer } from "@fairlead/grpc";
import { HEALTH_SERVICE_NAME } from "../protocol/constants.ts";
import { ownDescriptors } from "../protocol/own-descriptors.ts";
import { shutdownMethod, startStreamMethod, streamStdioMethod } from "../protocol/services.ts";
import type { StdioRelay } from "./stdio-relay.ts";

/** Registers what every go-plugin process answers besides its own kinds (grpc_server.go: Init). */
export function registerPluginServices(
  server: GrpcServer,
  context: {
    readonly stdio: StdioRelay;
    /** Aborted when the server closes: ends the streams that otherwise never end. */
    readonly closing: AbortSignal;
    readonly shutdown: () => void;
    /** Of the plugin's kinds. */
    readonly descriptors: () => readonly Uint8Array[];
  },
): void {
  const health = createHealthService();
  health.set(HEALTH_SERVICE_NAME, "SERVING");
  health.register(server);
  createReflectionService({
    services: () => server.services,
    descriptors: () => [...context.descriptors(), ...ownDescriptors()],
  }).register(server);
  server.handleUnary(shutdownMethod, () => {
    // Go cuts the connection here; the answer gets out first, the end follows.
    setImmediate(context.shutdown);
  });
  server.handleServerStream(streamStdioMethod, (_request, call) =>
    context.stdio.read(AbortSignal.any([call.signal, context.closing])),
  );
  server.handleBidi(startStreamMethod, (_requests, call) => idle(AbortSignal.any([call.signal, context.closing])));
}

// Go's plugins keep the broker's stream open and silent until somebody brokers a connection.
function idle(signal: AbortSignal): AsyncIterable<never> {
  const next = async (): Promise<IteratorReturnResult<undefined>> => {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
