import type { Duplex } from "node:stream";

import type { CloseOptions } from "../client/client-connection.ts";
import type { KeepAlive } from "../connection/keep-alive.ts";
import type { ServerInterceptor } from "../interceptors/server-interceptor.ts";
import type { Metadata } from "../metadata.ts";
import type { Method } from "../method.ts";

/** What a handler knows about its call. */
export interface ServerCall {
  /** Sent by the client. */
  readonly metadata: Metadata;
  /**
   * Aborted when the client cancels or sends what is no message, the deadline passes or the connection is lost; its reason
   * is a GrpcError.
   */
  readonly signal: AbortSignal;
  readonly deadline: Date | undefined;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** The stream given to `accept`. */
  readonly peer: unknown;
  /** Sends initial metadata now, once; otherwise it goes out, empty, with the first message. */
  sendHeaders(metadata: Metadata): void;
  /**
   * Packs the responses with gzip, on Node's thread pool; one that does not shrink goes as it is. To be called before the
   * first response and `sendHeaders`. Returns false, and changes nothing, when the client did not say that it takes gzip.
   */
  compressResponses(): boolean;
  /** Trailing metadata, to be filled before the handler ends. */
  readonly trailers: Metadata;
}

/** Answers one request once. What it throws is the call's status: a GrpcError as it is, anything else UNKNOWN with its message. */
export type UnaryHandler<Req, Res> = (request: Req, call: ServerCall) => Res | Promise<Res>;
/** Answers one request with a stream; it is pulled no faster than the client reads. */
export type ServerStreamHandler<Req, Res> = (request: Req, call: ServerCall) => AsyncIterable<Res>;
/** Answers a stream of requests once. */
export type ClientStreamHandler<Req, Res> = (requests: AsyncIterable<Req>, call: ServerCall) => Promise<Res>;
/** Answers a stream of requests with a stream. */
export type BidiHandler<Req, Res> = (requests: AsyncIterable<Req>, call: ServerCall) => AsyncIterable<Res>;

/** A gRPC server; connections are handed to it one byte stream at a time. */
export interface GrpcServer extends AsyncDisposable {
  handleUnary<Req, Res>(method: Method<Req, Res, "unary">, handler: UnaryHandler<Req, Res>): void;
  handleServerStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    handler: ServerStreamHandler<Req, Res>,
  ): void;
  handleClientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    handler: ClientStreamHandler<Req, Res>,
  ): void;
  handleBidi<Req, Res>(method: Method<Req, Res, "bidirectional">, handler: BidiHandler<Req, Res>): void;
  /** Serves one connection until it ends. */
  accept(stream: Duplex): void;
  /** Names of the services that have at least one method, in order of registration. */
  readonly services: readonly string[];
  /** Graceful: GOAWAY on every connection, open calls finish within the grace, then destroy(). Idempotent. */
  close(options?: CloseOptions): Promise<void>;
  /** Immediate: handlers see their signal aborted, connections are cut. */
  destroy(): void;
}

/** What a plugin kind needs to add its methods. */
export type ServiceRegistrar = Pick<
  GrpcServer,
  "handleUnary" | "handleServerStream" | "handleClientStream" | "handleBidi"
>;

/** Limits and habits of a server, for each of its connections. */
export interface ServerOptions {
  /** Largest message taken. Default 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** Largest message sent. Default 64 MiB. */
  readonly maxSendBytes?: number;
  /** Calls one connection may have open, handlers of cancelled calls that still run included. Default 1,000. */
  readonly maxConcurrentStreams?: number;
  /** How long a new connection may take to send its HTTP/2 preface and SETTINGS. Default 20,000. */
  readonly prefaceTimeoutMs?: number;
  /** Default: none; a client that is gone without a word is noticed when something is sent to it. */
  readonly keepAlive?: KeepAlive;
  /** What every call goes through before its handler, the first one outermost. Default: none, which costs nothing. */
  readonly interceptors?: readonly ServerInterceptor[];
}
