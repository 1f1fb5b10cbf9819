import type { CallOptions, ClientConnection } from "../client/client-connection.ts";
import type { ServingStatus } from "./health-messages.ts";
import { healthWatchMethod } from "./health-methods.ts";

/**
 * Tells how a service is: now, and at each change, until the loop is left, the deadline passes or the connection ends. A
 * service the server does not know is SERVICE_UNKNOWN, and may become known. Fails with GrpcError: UNIMPLEMENTED when the
 * server has no health service.
 */
export function watchHealth(
  connection: ClientConnection,
  service: string,
  options?: CallOptions,
): AsyncIterable<ServingStatus> {
  return connection.serverStream(healthWatchMethod, service, options);
}
