import type { Duplex } from "node:stream";

import { systemClock, type Clock } from "../calls/clock.ts";
import type {
  BidiCall,
  CallOptions,
  ClientConnection,
  ClientOptions,
  CloseOptions,
} from "../client/client-connection.ts";
import { checkClientOptions } from "../client/connect-grpc.ts";
import { GrpcError } from "../grpc-error.ts";
import { CallFront } from "../interceptors/call-front.ts";
import { chainClientInterceptors, type OutgoingCall } from "../interceptors/client-interceptor.ts";
import { invokeOn } from "../interceptors/invoke-on.ts";
import { responseStream, type Messages } from "../interceptors/messages.ts";
import type { Method } from "../method.ts";
import { BackOff, type BackOffOptions } from "./back-off.ts";
import { Connector, type ConnectivityState, type DialAttempt } from "./connector.ts";
import { retryStream } from "./retry-stream.ts";

/** How to reach a server, and how often to try. */
export interface ReconnectOptions {
  /** Opens a byte stream to the server, TLS included. A rejection is a failed attempt. */
  readonly dial: (attempt: DialAttempt) => Promise<Duplex>;
  /** For every connection; interceptors see each call once, with its waiting and whatever attempts it takes. */
  readonly client?: ClientOptions;
  /** `lazily`: the first call connects, and after a lost connection the next one. Default `at-once`. */
  readonly connect?: "at-once" | "lazily";
  /** What calls do that do not say so themselves. Default false: they fail as soon as connecting has failed. */
  readonly waitForReady?: boolean;
  /** Calls that may wait for a connection; more fail RESOURCE_EXHAUSTED. Default 1,000. */
  readonly maxQueuedCalls?: number;
  /** From the start of an attempt to the server's SETTINGS, milliseconds. Default 20,000. */
  readonly connectTimeoutMs?: number;
  /** Between attempts: 1 s, then 1.6 times as much each, up to 120 s, each ±20 %. */
  readonly backOff?: BackOffOptions;
  /**
   * Called at each change; `error` says why, with `transient-failure`. One that throws changes nothing; Node shows its
   * error as a warning.
   */
  readonly onStateChange?: (state: ConnectivityState, error: GrpcError | undefined) => void;
  /** Default: the real ones. */
  readonly clock?: Clock;
  /** 0 up to, not including, 1. Default Math.random. */
  readonly random?: () => number;
}

/** A client that outlives its connections. */
export interface ReconnectingClient extends ClientConnection {
  readonly state: ConnectivityState;
  /** Connects now if it is idle. */
  connect(): void;
}

/**
 * A client that dials when it needs to. A call goes to the connection there is, or waits for it to be made. When the server
 * leaves (GOAWAY), a connection is lost or has carried its 2^30 calls, running calls end as they do and new ones go to a new
 * connection.
 *
 * Calls that were never sent are made again, and once those a server refused unprocessed (gRPC's A6, transparent retries) —
 * when their request is a single message; the caller of a stream of requests sees UNAVAILABLE, and `unprocessed` in it.
 * Nothing else is tried again.
 */
export function createReconnectingClient(options: ReconnectOptions): ReconnectingClient {
  return new Reconnecting(options);
}

/** Now, not at each attempt. */
function checkOptions({ connectTimeoutMs = 1, maxQueuedCalls = 0 }: ReconnectOptions, client: ClientOptions): void {
  checkClientOptions(client);
  if (!(connectTimeoutMs > 0)) throw new TypeError("option connectTimeoutMs must be a positive number");
  if (!(maxQueuedCalls >= 0)) throw new TypeError("option maxQueuedCalls must be a number, 0 or more");
}

class Reconnecting implements ReconnectingClient {
  readonly closed: Promise<void>;
  readonly #connector: Connector;
  readonly #calls: CallFront;
  readonly #waitForReady: boolean;
  readonly #resolveClosed: () => void;
  #closeReason: Error | undefined;

  constructor(options: ReconnectOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#waitForReady = options.waitForReady ?? false;
    const { interceptors = [], ...client } = options.client ?? {};
    checkOptions(options, client);
    this.#calls = new CallFront(
      chainClientInterceptors(interceptors, async (call) => await this.#invoke(call)),
      () => this.#connector.failure,
    );
    this.#connector = new Connector({
      dial: options.dial,
      client,
      isEager: options.connect !== "lazily",
      connectTimeoutMs: options.connectTimeoutMs ?? 20_000,
      maxQueuedCalls: options.maxQueuedCalls ?? 1000,
      backOff: new BackOff(options.backOff ?? {}, options.random ?? Math.random),
      clock: options.clock ?? systemClock,
      onStateChange: (state, error) => options.onStateChange?.(state, error),
    });
  }

  get state(): ConnectivityState {
    return this.#connector.state;
  }

  connect(): void {
    this.#connector.connect();
  }

  unary<Req, Res>(method: Method<Req, Res, "unary">, request: Req, options?: CallOptions): Promise<Res> {
    return this.#calls.unary(method, request, options);
  }

  serverStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    request: Req,
    options?: CallOptions,
  ): AsyncIterable<Res> {
    return this.#calls.serverStream(method, request, options);
  }

  clientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    requests: AsyncIterable<Req> | Iterable<Req>,
    options?: CallOptions,
  ): Promise<Res> {
    return this.#calls.clientStream(method, requests, options);
  }

  bidi<Req, Res>(method: Method<Req, Res, "bidirectional">, options?: CallOptions): BidiCall<Req, Res> {
    return this.#calls.bidi(method, options);
  }

  /** Not for this client: each attempt's `receive` is. Throws TypeError. */
  receive(): void {
    throw new TypeError("a reconnecting client takes bytes through the receive of its dial attempts");
  }

  get closeReason(): Error | undefined {
    return this.#closeReason;
  }

  async close(options?: CloseOptions): Promise<void> {
    this.#connector.shutDown();
    await Promise.all([...this.#connector.connections].map((connection) => connection.close(options)));
    this.#resolveClosed();
  }

  destroy(reason?: Error): void {
    if (this.#connector.state !== "shutdown") this.#closeReason = reason;
    this.#connector.shutDown();
    const open = [...this.#connector.connections];
    for (const connection of open) connection.destroy(reason);
    void Promise.all(open.map((connection) => connection.closed)).then(() => this.#resolveClosed());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // --- calls ----------------------------------------------------------------------------------------------------------

  async #invoke(call: OutgoingCall): Promise<Messages> {
    let refusals = 0;
    const mayRetry = (error: unknown): boolean => {
      if (!GrpcError.is(error) || call.request.kind !== "single") return false;
      // What the front says about the whole call comes with its signal.
      if (call.options.signal?.aborted === true || this.state === "shutdown") return false;
      if (error.unprocessed === "unsent") return error.code === "UNAVAILABLE";
      return error.unprocessed === "refused" && ++refusals === 1;
    };
    for (;;) {
      const connection = await this.#pick(call.options);
      try {
        const response = await invokeOn(connection)(call);
        if (response.kind === "single") return response;
        return { kind: "stream", messages: retryStream(response.messages, mayRetry, () => this.#restart(call)) };
      } catch (error) {
        if (!mayRetry(error)) throw error;
      }
    }
  }

  async #restart(call: OutgoingCall): Promise<AsyncIterable<unknown>> {
    return responseStream(await invokeOn(await this.#pick(call.options))(call));
  }

  async #pick({ waitForReady = this.#waitForReady, signal }: CallOptions): Promise<ClientConnection> {
    return this.#connector.ready ?? (await this.#connector.wait(waitForReady, signal));
  }
}
