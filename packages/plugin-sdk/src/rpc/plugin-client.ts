import type { ClientConnection, Method } from "@fairlead/grpc";
import { toCallOptions } from "./rpc-options.ts";
import type { RpcOptions } from "./rpc-options.ts";

/** What every client of a plugin has. */
export interface PluginClient {
  /** False once the connection has ended: no call can succeed any more. */
  readonly connected: boolean;
}

/** What a client has besides. */
export type CallsOf<Client extends PluginClient> = Omit<Client, keyof PluginClient>;

/** Adds to a client's calls what every client has. */
export function createPluginClient<Calls extends object>(
  connection: ClientConnection,
  calls: Calls,
): Calls & PluginClient {
  let connected = true;
  void connection.closed.then(() => (connected = false));
  return {
    ...calls,
    get connected() {
      return connected;
    },
  };
}

/** Makes a client's call of a method. */
export function createCaller(
  connection: ClientConnection,
): <Request, Response>(
  method: Method<Request, Response, "unary">,
) => (request: Request, options?: RpcOptions) => Promise<Response> {
  return (method) => (request, options) => connection.unary(method, request, toCallOptions(options));
}
