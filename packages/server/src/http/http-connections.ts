import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";

import { plainIp } from "../domain/ip-range.ts";

/** Most connections at one time; 0 = no limit. */
export interface HttpConnectionLimits {
  readonly total: number;
  readonly perHost: number;
}

/** How long answers under way may take at the end. */
const CLOSING_MS = 2_000;

/**
 * The connections of one HTTP server. Each takes a file descriptor from clients of SSH, and one that sends half a
 * request, or does not read its answer, would keep the server from ending.
 */
export class HttpConnections {
  readonly #limits: HttpConnectionLimits;
  readonly #sockets = new Map<Socket, string>();

  /** Before the server listens. */
  constructor(server: Server, limits: HttpConnectionLimits) {
    this.#limits = limits;
    // With TLS, too, this is what was accepted, before any handshake.
    server.prependListener("connection", (socket: Socket) => {
      this.#accept(socket);
    });
  }

  /** Waits for `close` of the server, and ends what is still connected after a while. */
  async endWith(close: () => Promise<void>, closingMs = CLOSING_MS): Promise<void> {
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) {
        socket.destroy();
      }
    }, closingMs);
    try {
      await close();
    } finally {
      clearTimeout(timer);
    }
  }

  #accept(socket: Socket): void {
    const ip = plainIp(socket.remoteAddress ?? "");
    if (this.#isFull(ip)) {
      socket.on("error", () => undefined); // it is being thrown away
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, ip);
    socket.once("close", () => {
      this.#sockets.delete(socket);
    });
  }

  #isFull(ip: string): boolean {
    const { total, perHost } = this.#limits;
    if (total > 0 && this.#sockets.size >= total) {
      return true;
    }
    // No more than `total` to look at.
    return perHost > 0 && [...this.#sockets.values()].filter((other) => other === ip).length >= perHost;
  }
}

/**
 * Node hands over every request that a client has sent without waiting for answers, to be worked on side by side: one
 * connection could have any number of passwords checked. Such a client is cut off.
 */
export function allowOneRequestAtATime(server: Server): void {
  const busy = new WeakSet<Socket>();
  // In front of the listeners that are there, which must not see the request.
  const listeners = server.listeners("request") as readonly RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const { socket } = request;
    if (busy.has(socket)) {
      socket.destroy();
      return;
    }
    busy.add(socket);
    response.once("close", () => {
      busy.delete(socket);
    });
    for (const listener of listeners) listener(request, response);
  });
}
