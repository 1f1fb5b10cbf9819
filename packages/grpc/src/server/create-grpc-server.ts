import type { Duplex } from "node:stream";

import { DeadlineQueue } from "../calls/deadline-queue.ts";
import type { CloseOptions } from "../client/client-connection.ts";
import { checkKeepAlive } from "../connection/keep-alive.ts";
import type { Method } from "../method.ts";
import { DEFAULT_GRACE_MS, DEFAULT_MAX_MESSAGE_BYTES } from "../defaults.ts";
import type {
  BidiHandler,
  ClientStreamHandler,
  GrpcServer,
  ServerOptions,
  ServerStreamHandler,
  UnaryHandler,
} from "./grpc-server.ts";
import { Routes } from "./routes.ts";
import { ServerSession } from "./server-session.ts";

const DEFAULT_MAX_CONCURRENT_STREAMS = 1000;
const DEFAULT_PREFACE_TIMEOUT_MS = 20_000;

/** A gRPC server that listens nowhere: each connection is handed to `accept`. */
export function createGrpcServer(options: ServerOptions = {}): GrpcServer {
  return new ConnectionServer(options);
}

class ConnectionServer implements GrpcServer {
  readonly #options: ServerOptions;
  readonly #routes: Routes;
  readonly #deadlines = new DeadlineQueue();
  readonly #sessions = new Set<ServerSession>();
  #isClosed = false;

  constructor(options: ServerOptions) {
    if (options.keepAlive !== undefined) checkKeepAlive(options.keepAlive);
    this.#options = options;
    this.#routes = new Routes(options.interceptors);
  }

  handleUnary<Req, Res>(method: Method<Req, Res, "unary">, handler: UnaryHandler<Req, Res>): void {
    this.#routes.add("unary", method, handler);
  }

  handleServerStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    handler: ServerStreamHandler<Req, Res>,
  ): void {
    this.#routes.add("server-streaming", method, handler);
  }

  handleClientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    handler: ClientStreamHandler<Req, Res>,
  ): void {
    this.#routes.add("client-streaming", method, handler);
  }

  handleBidi<Req, Res>(method: Method<Req, Res, "bidirectional">, handler: BidiHandler<Req, Res>): void {
    this.#routes.add("bidirectional", method, handler);
  }

  get services(): readonly string[] {
    return this.#routes.services;
  }

  accept(stream: Duplex): void {
    if (this.#isClosed) {
      stream.destroy();
      return;
    }
    const session = new ServerSession({
      stream,
      readsStream: true,
      routes: this.#routes,
      deadlines: this.#deadlines,
      maxReceiveBytes: this.#options.maxReceiveBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      maxSendBytes: this.#options.maxSendBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      maxConcurrentStreams: this.#options.maxConcurrentStreams ?? DEFAULT_MAX_CONCURRENT_STREAMS,
      prefaceTimeoutMs: this.#options.prefaceTimeoutMs ?? DEFAULT_PREFACE_TIMEOUT_MS,
      keepAlive: this.#options.keepAlive,
    });
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
  }

  async close(options: CloseOptions = {}): Promise<void> {
    this.#isClosed = true;
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    await Promise.all([...this.#sessions].map((session) => session.close(graceMs)));
    this.#deadlines.close();
  }

  destroy(): void {
    this.#isClosed = true;
    for (const session of this.#sessions) session.destroy();
    this.#deadlines.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
