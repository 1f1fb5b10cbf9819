import type { ClientConnection } from "@fairlead/grpc";
import { loadYamux, MuxDoor } from "../broker/mux-door.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import { dialGrpc, dialSocket } from "../transport/dial.ts";
import { connectGrpcOn } from "../transport/stream-grpc.ts";

/** The main connection to a plugin. */
export interface PluginConnection {
  readonly connection: ClientConnection;
  /** With multiplexing: what the connection is a stream of. Ends with it. */
  readonly door?: MuxDoor;
}

/** Connects to a plugin, by one connection for everything when they multiplex. The signal gives up: its reason is thrown. */
export async function connectPlugin(
  address: PluginAddress,
  options: {
    readonly tls: PeerTls | undefined;
    readonly multiplex: boolean;
    readonly grpc: PeerGrpc["client"];
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
): Promise<PluginConnection> {
  const { tls, multiplex, grpc, logger, signal } = options;
  if (!multiplex) return { connection: await dialGrpc(address, { tls, peer: "plugin", grpc, signal }) };
  const door = new MuxDoor({ peer: "plugin", createSession: await loadYamux(), logger });
  // The one connection is plain: TLS is inside its streams.
  door.attach(await dialSocket(address, { peer: "plugin", signal }));
  try {
    const connection = await connectGrpcOn(door.openStream(), "its main stream", { tls, peer: "plugin", grpc, signal });
    void connection.closed.then(() => door.destroy());
    return { connection, door };
  } catch (error) {
    door.destroy();
    throw error;
  }
}
