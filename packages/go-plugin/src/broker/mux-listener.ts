import type { Socket } from "node:net";
import type { GrpcServer } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import type { Listener } from "../transport/listener.ts";
import { ServedListener } from "../transport/served-listener.ts";
import type { MuxDoor } from "./mux-door.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

/** How long the host may take to connect once the plugin listens (grpc_server_muxer.go: session). */
const FIRST_CONNECTION_TIMEOUT_MS = 5_000;

/**
 * A plugin's listener with multiplexing: takes exactly one connection, whose streams go to the plugin's gRPC server unless
 * the host has knocked for them. Without that connection the plugin is of no use to anybody.
 */
export class MuxListener {
  readonly #door: MuxDoor;
  readonly #listener: Listener;
  readonly #served: ServedListener;
  readonly #cancelTimeout: () => void;
  #hasConnection = false;

  constructor(
    listener: Listener,
    options: {
      readonly door: MuxDoor;
      readonly grpc: GrpcServer;
      /** Inside each stream. The listener itself is plain. */
      readonly tls: PeerTls | undefined;
      readonly logger: Logger;
      /** The connection has ended, or there was none in time. */
      readonly onLost: (reason: string) => void;
      readonly schedule?: Schedule;
    },
  ) {
    const { door, grpc, tls, logger, onLost, schedule = scheduleTimer } = options;
    this.#door = door;
    this.#listener = listener;
    const streams = tls === undefined ? process.getBuiltinModule("node:net").createServer() : tls.createServer();
    this.#served = new ServedListener({ server: streams, removeFiles() {} }, { grpc, tls, peer: "host", logger });
    door.takeOthers((stream) => void streams.emit("connection", stream));
    this.#cancelTimeout = schedule(
      () => onLost("timed out waiting for connection to be established"),
      FIRST_CONNECTION_TIMEOUT_MS,
    );
    listener.server.on("connection", (socket: Socket) => this.#take(socket, logger));
    listener.server.on("error", (error) => logger.log("error", "plugin listener failed", { error: error.message }));
    void door.closed.then((reason) => onLost(reason?.message ?? "the connection was closed"));
  }

  /** How many connections are open, seen from gRPC. */
  get connections(): number {
    return this.#served.connections;
  }

  /** No new connections. */
  stopListening(): void {
    this.#cancelTimeout();
    this.#listener.server.close();
  }

  /** Ends the connection with all its streams and removes the socket. Idempotent. */
  destroy(): void {
    this.stopListening();
    this.#served.destroy();
    this.#door.destroy();
    this.removeFiles();
  }

  removeFiles(): void {
    this.#listener.removeFiles();
  }

  #take(socket: Socket, logger: Logger): void {
    if (this.#hasConnection) {
      logger.log("warn", "connection refused: the host is connected already, and multiplexes");
      socket.destroy();
      return;
    }
    this.#hasConnection = true;
    socket.setNoDelay(true);
    this.stopListening();
    this.#door.attach(socket);
  }
}
