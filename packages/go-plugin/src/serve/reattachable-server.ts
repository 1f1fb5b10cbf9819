import { ENV_CLIENT_CERT, ENV_MULTIPLEX_GRPC } from "../protocol/constants.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import { openServer } from "./plugin-server.ts";
import type { OwnedPluginServer } from "./plugin-server.ts";
import type { Env, ReattachableServer, ReattachableServerOptions } from "./serve-options.ts";
import { StdioRelay } from "./stdio-relay.ts";

/**
 * Serves a plugin without a host that started it, for tests and debuggers: no cookie, no handshake line, and any number
 * of hosts, one after another or at once (go-plugin's `ServeConfig.Test`). Changes nothing of the process. Rejects with
 * PluginError.
 */
export async function startReattachableServer(options: ReattachableServerOptions): Promise<ReattachableServer> {
  const server = await openReattachableServer(options, new StdioRelay());
  const { protocolVersion, closed } = server;
  const close = (): Promise<void> => server.close();
  return { reattachInfo: describeServer(server), protocolVersion, closed, close, [Symbol.asyncDispose]: close };
}

export async function openReattachableServer(
  options: ReattachableServerOptions,
  stdio: StdioRelay,
): Promise<OwnedPluginServer> {
  // No host is asked for its cookie.
  const handshake = { key: "", value: "" };
  return await openServer({ ...options, handshake, env: withoutHost(options.env ?? {}) }, stdio);
}

/** What a host needs to attach. */
export function describeServer({ protocolVersion, address }: OwnedPluginServer): ReattachInfo {
  return { protocolVersion, address, pid: process.pid, test: true };
}

// A host that attaches can know no one-time certificate, and go-plugin does not multiplex then. Left over from a host
// above this process, these would make every host fail.
function withoutHost(env: Env): Env {
  const { [ENV_CLIENT_CERT]: _certificate, [ENV_MULTIPLEX_GRPC]: _multiplex, ...rest } = env;
  return rest;
}
