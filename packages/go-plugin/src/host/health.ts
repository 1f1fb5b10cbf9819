import { checkHealth, GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import { HEALTH_SERVICE_NAME } from "../protocol/constants.ts";

/**
 * Asks the plugin's health service. Any answer counts as life, NOT_SERVING too (GRPCClient.Ping looks at the RPC status
 * only) and even that there is no such service: the plugin did answer.
 */
export async function checkAlive(
  connection: ClientConnection,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<void> {
  try {
    await checkHealth(connection, HEALTH_SERVICE_NAME, {
      signal: options.signal,
      ...(options.timeoutMs === undefined ? {} : { deadlineMs: options.timeoutMs }),
    });
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (GrpcError.is(error, "UNIMPLEMENTED") || GrpcError.is(error, "NOT_FOUND")) return;
    const reason = GrpcError.is(error) ? `${error.code}: ${error.message}` : String(error);
    throw new PluginError("ERR_PLUGIN_UNHEALTHY", `the plugin's health check failed: ${reason}`, { cause: error });
  }
}
