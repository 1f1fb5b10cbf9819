import type { Logger } from "@fairlead/go-plugin";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import type { NotifierClient } from "../notifier/notifier-client.ts";
import type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
import { notifierKind } from "../notifier/notifier-kind.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";

/** A notifier plugin under test, called as a server calls it. */
export interface ConnectedNotifier extends AsyncDisposable {
  readonly client: NotifierClient;
  /** Ends the connection, then runs the plugin's `stop`. Idempotent. */
  close(): Promise<void>;
}

/**
 * Runs a notifier plugin in this process: `start`, then every call through the same converters and the same gRPC as
 * between a server and a plugin process, over a pair of in-memory streams.
 */
export async function connectNotifier(
  plugin: NotifierHandlers & PluginLifecycle,
  options: {
    /** Receives what would go to the server's log. Default: silent. */
    readonly logger?: Logger;
  } = {},
): Promise<ConnectedNotifier> {
  await plugin.start?.();
  const connected = await connectInMemory(notifierKind, plugin, options);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await connected.close();
    await plugin.stop?.();
  };
  const closeOnce = (): Promise<void> => (closing ??= close());
  return { client: connected.client, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
}
