import { connectGrpc, createGrpcServer, createStreamPair } from "@fairlead/grpc";
import { brokerClosed } from "../broker/broker-errors.ts";
import { createMemoryBrokers } from "../broker/memory-broker.ts";
import { hostGrpc, pluginGrpc } from "../grpc-options.ts";
import { silentLogger } from "../logger.ts";
import type { Logger } from "../logger.ts";
import type { PluginKind } from "../plugin-kind.ts";

const GRACE_MS = 1_000;

/** What {@link connectInMemory} may be told (go-plugin's `TestOptions`). */
export interface InMemoryOptions {
  /** Given to both sides. Default: silent. */
  readonly logger?: Logger;
}

/** A plugin and its host in one process. */
export interface InMemoryPlugin<Client> extends AsyncDisposable {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * Connects a plugin's implementation to a host's client without a process or a socket: the same registration, encoding
 * and calls as in production, for tests of plugins and of hosts.
 */
export async function connectInMemory<Impl, Client>(
  kind: PluginKind<Impl, Client>,
  impl: NoInfer<Impl>,
  options: InMemoryOptions = {},
): Promise<InMemoryPlugin<Client>> {
  const logger = options.logger ?? silentLogger;
  const gone = new AbortController();
  const server = createGrpcServer(pluginGrpc().server);
  const brokers = createMemoryBrokers();
  const ending = new AbortController();
  kind.register(server, impl, { logger, signal: ending.signal, broker: brokers.plugin });
  const [hostEnd, pluginEnd] = createStreamPair();
  server.accept(pluginEnd);
  const connection = connectGrpc(hostEnd, hostGrpc().client);
  const close = async (): Promise<void> => {
    ending.abort();
    await connection.close({ graceMs: GRACE_MS });
    server.destroy();
    const ends = [brokers.plugin, brokers.host];
    await Promise.all(ends.map((broker) => broker.drain({ graceMs: GRACE_MS })));
    for (const broker of ends) broker.end(brokerClosed());
    gone.abort();
  };
  const client = kind.connect(connection, { logger, signal: gone.signal, broker: brokers.host });
  return await Promise.resolve({ client, close, [Symbol.asyncDispose]: close });
}
