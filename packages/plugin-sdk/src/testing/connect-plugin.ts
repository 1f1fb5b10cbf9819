import { silentLogger } from "@fairlead/go-plugin";
import type { Logger, PluginKind } from "@fairlead/go-plugin";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";

/** A plugin under test, called as a server calls it. */
export interface ConnectedPlugin<Client> extends AsyncDisposable {
  readonly client: Client;
  /** Ends the connection, then runs the plugin's `stop`. Idempotent. */
  close(): Promise<void>;
}

/** How a plugin is connected. */
export interface ConnectOptions {
  /** Receives what would go to the server's log. Default: silent. */
  readonly logger?: Logger;
}

/**
 * Runs a plugin in this process: `start`, then every call through the same converters and the same gRPC as between a
 * server and a plugin process, over a pair of in-memory streams.
 */
export async function connectPlugin<Handlers, Client>(
  kind: PluginKind<Handlers, Client>,
  plugin: NoInfer<Handlers> & PluginLifecycle,
  options: ConnectOptions = {},
): Promise<ConnectedPlugin<Client>> {
  await plugin.start?.({ logger: options.logger ?? silentLogger });
  const connected = await connectInMemory<Handlers, Client>(kind, plugin, options);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await connected.close();
    await plugin.stop?.();
  };
  const closeOnce = (): Promise<void> => (closing ??= close());
  return { client: connected.client, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
}
