import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { GrpcServer } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import type { PeerRole, PeerTls } from "../tls/peer-tls.ts";
import { describeTlsFailure } from "../tls/tls-failure.ts";
import type { Listener } from "./listener.ts";

// A host needs one connection, and more only when it dials again or several attach.
const MAX_CONNECTIONS = 128;

/** As much of a listener as is needed to serve: one that listens nowhere is given its connections by events. */
export type ServableListener = Pick<Listener, "server" | "removeFiles">;

/** A listener whose connections go to a gRPC server: those of the peer, and no others. */
export class ServedListener {
  readonly #listener: ServableListener;
  /** Also those that have not said yet who they are. */
  readonly #opened = new Set<Socket>();
  readonly #served = new Set<Socket>();
  #isStopped = false;

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
    const counts = { others: 0, failed: 0, dropped: 0 };
    server.on("connection", (socket: Socket) => remember(socket, this.#opened));
    server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      if (tls?.isPeer(socket) === false) {
        socket.destroy();
        const refused = ++counts.others;
        if (isWorthALine(refused)) {
          logger.log("warn", `connection refused: not the ${peer}'s certificate`, { refused });
        }
        return;
      }
      remember(socket, this.#served);
      grpc.accept(socket);
    });
    server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      // Node leaves one open that took too long.
      socket.destroy();
      if (this.#isStopped) return;
      const refused = ++counts.failed;
      if (!isWorthALine(refused)) return;
      // A certificate that is not wanted is seen as a connection that ended.
      const refusal = socket.authorizationError as Error | string | null | undefined;
      const reason = describeTlsFailure(typeof refusal === "string" ? { message: refusal } : (refusal ?? error));
      logger.log("warn", "connection refused: TLS handshake failed", { error: reason, refused });
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.on("drop", () => {
      const dropped = ++counts.dropped;
      if (isWorthALine(dropped)) logger.log("warn", "connections refused: too many", { dropped });
    });
    server.on("error", (error) => logger.log("error", "plugin listener failed", { error: error.message }));
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#served.size;
  }

  /** No new connections. */
  stopListening(): void {
    this.#isStopped = true;
    this.#listener.server.close();
  }

  /** Ends all connections and removes the socket. Idempotent. */
  destroy(): void {
    this.stopListening();
    for (const socket of this.#opened) socket.destroy();
    this.removeFiles();
  }

  removeFiles(): void {
    this.#listener.removeFiles();
  }
}

// The first, the second, the fourth …: who connects thousands of times is not to fill the log as well.
function isWorthALine(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

function remember(socket: Socket, among: Set<Socket>): void {
  among.add(socket);
  socket.once("close", () => among.delete(socket));
}
