import type { GrpcError } from "../grpc-error.ts";
import type { Metadata } from "../metadata.ts";
import type { ClientKeepAlive } from "../connection/keep-alive.ts";
import type { ClientInterceptor } from "../interceptors/client-interceptor.ts";
import type { Method } from "../method.ts";

/** What may be said about one call. */
export interface CallOptions {
  /**
   * Aborting it cancels the call: the server is told, the caller sees CANCELLED with the signal's reason as cause (or the
   * reason itself when that is a GrpcError DEADLINE_EXCEEDED).
   */
  readonly signal?: AbortSignal;
  /** Milliseconds from now; sent as `grpc-timeout` and enforced here too. Default: none. */
  readonly deadlineMs?: number;
  /** Sent with the call. Default: none. */
  readonly metadata?: Metadata;
  /**
   * How requests are packed, each by itself, on Node's thread pool; one that does not shrink goes as it is. Only for servers
   * known to unpack it: others answer UNIMPLEMENTED. Default: not at all.
   */
  readonly compress?: "gzip";
  /** On a reconnecting client: wait while connecting fails, until the deadline. Default: the client's own. */
  readonly waitForReady?: boolean;
  /** Called once with the server's initial metadata; not called when the server answers with trailers only. */
  readonly onHeaders?: (metadata: Metadata) => void;
  /** Called once with the server's trailing metadata, before the call settles. */
  readonly onTrailers?: (metadata: Metadata) => void;
}

/** How a connection or server ends. */
export interface CloseOptions {
  /** How long open calls may still take before they are cut. Default 5,000. */
  readonly graceMs?: number;
}

/** A gRPC client on one byte stream. Calls fail with GrpcError. */
export interface ClientConnection extends AsyncDisposable {
  unary<Req, Res>(method: Method<Req, Res, "unary">, request: Req, options?: CallOptions): Promise<Res>;
  /** Starts at once; leaving the loop early cancels the call. The result can be iterated once. */
  serverStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    request: Req,
    options?: CallOptions,
  ): AsyncIterable<Res>;
  /** Pulls `requests` as fast as flow control allows; stops pulling when the server answers early. */
  clientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    requests: AsyncIterable<Req> | Iterable<Req>,
    options?: CallOptions,
  ): Promise<Res>;
  bidi<Req, Res>(method: Method<Req, Res, "bidirectional">, options?: CallOptions): BidiCall<Req, Res>;
  /** For callers who read the socket themselves (net's `onread`); the bytes are only read during the call. */
  receive(bytes: Uint8Array): void;
  /** Settles, never rejects, when the connection has ended for whatever reason. */
  readonly closed: Promise<void>;
  /** Why it ended; undefined while it lives and after a close that was asked for. */
  readonly closeReason: Error | undefined;
  /** Graceful: GOAWAY, open calls finish within the grace, then destroy(). Idempotent. */
  close(options?: CloseOptions): Promise<void>;
  /** Immediate: open calls fail UNAVAILABLE with `reason` as cause. */
  destroy(reason?: Error): void;
}

/** An open call of which both sides stream: iterate it for the responses. Its end is the server's; leaving the loop early cancels. */
export interface BidiCall<Req, Res> extends AsyncIterable<Res> {
  /** Resolves when flow control let the message go; rejects when the call is over. */
  send(message: Req): Promise<void>;
  /** No more requests; answers go on. */
  end(): void;
  cancel(): void;
}

/** How one connection of a client behaves. */
export interface ClientOptions {
  /** `:authority`; printable ASCII, else `connectGrpc` throws TypeError. Default `localhost`. */
  readonly authority?: string;
  /** Default `http`. */
  readonly scheme?: "http" | "https";
  /** `user-agent` of every call. Printable ASCII. Default `grpc-fairlead/0.1`. */
  readonly userAgent?: string;
  /** Largest message taken. Default 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** Largest message sent. Default 64 MiB. */
  readonly maxSendBytes?: number;
  /** `caller`: the connection attaches no `data` listener and is fed through `receive`. Default `stream`. */
  readonly reads?: "stream" | "caller";
  /** Default: none; a server that is gone without a word is noticed by deadlines only. */
  readonly keepAlive?: ClientKeepAlive;
  /**
   * Given each error status a server answers with; what it returns is what the caller sees. To say more about it where more
   * is known. One that throws explains nothing; Node shows its error as a warning. Default: none.
   */
  readonly explainError?: (error: GrpcError) => GrpcError;
  /** What every call goes through, the first one outermost. Default: none, which costs nothing. */
  readonly interceptors?: readonly ClientInterceptor[];
}
