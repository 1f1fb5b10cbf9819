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

/** What a failed health check may mean, for a plugin that lives: one that wants TLS hangs up on a host that has none. */
export function explainHangUp(failure: PluginError): readonly string[] {
  if (failure.code !== "ERR_PLUGIN_UNHEALTHY" || !GrpcError.is(failure.cause, "UNAVAILABLE")) return [];
  return ["the plugin hung up before it answered: it may want certificates that the host does not show (option tls)."];
}
