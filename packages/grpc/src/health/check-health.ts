import type { CallOptions, ClientConnection } from "../client/client-connection.ts";
import type { ServingStatus } from "./health-messages.ts";
import { healthCheckMethod } from "./health-methods.ts";

/** Asks a server how a service is. Throws GrpcError: NOT_FOUND when the server does not know the service. */
export function checkHealth(
  connection: ClientConnection,
  service: string,
  options?: CallOptions,
): Promise<ServingStatus> {
  return connection.unary(healthCheckMethod, service, options);
}
