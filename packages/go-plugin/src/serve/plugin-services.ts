import { createHealthService, createReflectionService } from "@fairlead/grpc";
import type { GrpcServer } from "@fairlead/grpc";
import type { PluginInfoStream } from "../broker/plugin-info-stream.ts";
import { HEALTH_SERVICE_NAME } from "../protocol/constants.ts";
import { ownDescriptors } from "../protocol/own-descriptors.ts";
import { shutdownMethod, startStreamMethod, STDIO_TAKES, streamStdioMethod } from "../protocol/services.ts";
import type { StdioRelay } from "./stdio-relay.ts";

/** Registers what every go-plugin process answers besides its own kinds (grpc_server.go: Init). */
export function registerPluginServices(
  server: GrpcServer,
  context: {
    readonly stdio: StdioRelay;
    readonly infos: PluginInfoStream;
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
    context.stdio.read(AbortSignal.any([call.signal, context.closing]), {
      takesStderr: call.metadata.get(STDIO_TAKES) === "stderr",
    }),
  );
  server.handleBidi(startStreamMethod, (requests, call) =>
    context.infos.serve(requests, AbortSignal.any([call.signal, context.closing])),
  );
}
