import type { Socket } from "node:net";
import type { GrpcServer } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import type { PeerRole, PeerTls } from "../tls/peer-tls.ts";
import type { Listener } from "./listener.ts";

/** As much of a listener as is needed to serve: one that listens nowhere is given its connections by events. */
export type ServableListener = Pick<Listener, "server" | "removeFiles">;

/** A listener whose connections go to a gRPC server: those of the peer, and no others. */
export class ServedListener {
  readonly #listener: ServableListener;
  readonly #sockets = new Set<Socket>();

  constructor(
    listener: ServableListener,
    options: {
      readonly grpc: GrpcServer;
      /** The listener's server was made by it. */
      readonly tls: PeerTls | undefined;
      readonly peer: PeerRole;
      readonly logger: Logger;
    },
  ) {
    const { grpc, tls, peer, logger } = options;
    this.#listener = listener;
    const { server } = listener;
    server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      if (tls?.isPeer(socket) === false) {
        logger.log("warn", `connection refused: not the ${peer}'s certificate`);
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      grpc.accept(socket);
    });
    server.on("tlsClientError", (error: Error) => {
      logger.log("warn", "connection refused: TLS handshake failed", { error: error.message });
    });
    server.on("error", (error) => logger.log("error", "plugin listener failed", { error: error.message }));
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** No new connections. */
  stopListening(): void {
    this.#listener.server.close();
  }

  /** Ends all connections and removes the socket. Idempotent. */
  destroy(): void {
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
    this.removeFiles();
  }

  removeFiles(): void {
    this.#listener.removeFiles();
  }
}
