import type { Duplex } from "node:stream";

import type { Clock } from "../calls/clock.ts";
import type { ClientOptions } from "../client/client-connection.ts";
import { openConnection, type HeldConnection } from "../client/connect-grpc.ts";
import { GrpcError } from "../grpc-error.ts";
import type { BackOff } from "./back-off.ts";
import { CallQueue } from "./call-queue.ts";
import { EarlyBytes } from "./early-bytes.ts";

/**
 * As in gRPC (doc/connectivity-semantics-and-api.md): `idle` until somebody wants a connection, `connecting` up to the
 * server's SETTINGS, `ready`, `transient-failure` until the next attempt, `shutdown` for ever.
 */
export type ConnectivityState = "idle" | "connecting" | "ready" | "transient-failure" | "shutdown";

/** What a `dial` is given: one for each attempt. */
export interface DialAttempt {
  /** Aborted when the attempt takes too long, or nobody wants its connection any more. */
  readonly signal: AbortSignal;
  /** For sockets read by net's `onread`, with the client option `reads: "caller"`: takes the bytes of this attempt's stream. */
  receive(bytes: Uint8Array): void;
}

export interface ConnectorOptions {
  readonly dial: (attempt: DialAttempt) => Promise<Duplex>;
  readonly client: ClientOptions;
  /** Connects as soon as there is no connection, not when a call wants one. */
  readonly isEager: boolean;
  readonly connectTimeoutMs: number;
  readonly maxQueuedCalls: number;
  readonly backOff: BackOff;
  readonly clock: Clock;
  /** It may do anything: close the client, throw. */
  readonly onStateChange: (state: ConnectivityState, error: GrpcError | undefined) => void;
}

interface Attempt {
  readonly abort: AbortController;
  connection: HeldConnection | undefined;
  /** It is ready, or has failed. */
  isSettled: boolean;
  cancelTimeout: () => void;
}

/** Keeps one connection to one server, as far as that lets it. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #queue: CallQueue<HeldConnection>;
  #state: ConnectivityState = "idle";
  #failure: GrpcError | undefined;
  #ready: HeldConnection | undefined;
  #attempt: Attempt | undefined;
  /** Every connection that has not ended: the ready one, the one that becomes it, those that finish their calls. */
  readonly #connections = new Set<HeldConnection>();
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #cancelWait: (() => void) | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#queue = new CallQueue(options.maxQueuedCalls);
    if (options.isEager) this.connect();
  }

  get state(): ConnectivityState {
    return this.#state;
  }

  /** Why the last attempt failed, until one succeeds. */
  get failure(): GrpcError | undefined {
    return this.#failure;
  }

  /** A connection that takes calls now. */
  get ready(): HeldConnection | undefined {
    return this.#ready?.takesCalls === true ? this.#ready : undefined;
  }

  get connections(): ReadonlySet<HeldConnection> {
    return this.#connections;
  }

  /** Leaves `idle`; does nothing in any other state. */
  connect(): void {
    if (this.#state !== "idle") return;
    this.#setState("connecting");
    this.#startInTime();
  }

  /**
   * A connection, as soon as there is one.
   *
   * @throws {GrpcError} UNAVAILABLE when connecting fails and the call does not wait for better times, RESOURCE_EXHAUSTED
   * when too many wait.
   */
  async wait(waitsForReady: boolean, signal: AbortSignal | undefined): Promise<HeldConnection> {
    if (this.#state === "shutdown") throw closedError();
    if (this.#state === "transient-failure" && !waitsForReady) throw this.#failure!;
    const connection = this.#queue.wait(waitsForReady, signal);
    this.connect();
    return await connection;
  }

  /** For ever: no attempts, no waiting calls. What is open stays with who closes it. */
  shutDown(): void {
    if (this.#state === "shutdown") return;
    this.#cancelWait?.();
    this.#ready = undefined;
    const attempt = this.#attempt;
    this.#setState("shutdown");
    if (attempt !== undefined) {
      this.#settle(attempt);
      attempt.abort.abort(closedError());
      attempt.connection?.destroy();
    }
    this.#queue.fail(closedError(), "all");
  }

  // --- attempts -------------------------------------------------------------------------------------------------------

  /** A server that ends its connections at once is not dialled more often than one that takes none. */
  #startInTime(): void {
    if (this.#state === "shutdown") return;
    const waitMs = this.#notBeforeMs - this.#options.clock.now();
    if (waitMs > 0) this.#cancelWait = this.#options.clock.after(waitMs, () => this.#start());
    else this.#start();
  }

  #start(): void {
    const { clock, backOff, connectTimeoutMs } = this.#options;
    this.#setState("connecting");
    // Who was told of it may have closed the client.
    if (this.state === "shutdown") return;
    this.#notBeforeMs = clock.now() + backOff.nextMs();
    const attempt: Attempt = {
      abort: new AbortController(),
      connection: undefined,
      isSettled: false,
      cancelTimeout: clock.after(connectTimeoutMs, () => {
        this.#fail(attempt, new GrpcError("DEADLINE_EXCEEDED", `no answer within ${connectTimeoutMs} ms`));
      }),
    };
    this.#attempt = attempt;
    this.#dial(attempt).catch((error: unknown) => this.#fail(attempt, error));
  }

  async #dial(attempt: Attempt): Promise<void> {
    const bytes = new EarlyBytes();
    const { signal } = attempt.abort;
    const receive = (chunk: Uint8Array): void => {
      // Of an attempt that has failed nobody will ask for them.
      if (attempt.isSettled && attempt.connection === undefined) return;
      if (bytes.receive(chunk)) return;
      this.#fail(attempt, new GrpcError("RESOURCE_EXHAUSTED", "the server said too much before its stream was there"));
    };
    const stream = await this.#options.dial({ signal, receive });
    if (attempt.isSettled) {
      stream.on("error", () => {}).destroy();
      return;
    }
    const connection = openConnection(stream, this.#options.client, {
      onReady: () => this.#succeed(attempt, connection),
      onUnavailable: () => this.#onUnavailable(attempt, connection),
    });
    attempt.connection = connection;
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    bytes.passOnTo(connection);
  }

  #succeed(attempt: Attempt, connection: HeldConnection): void {
    if (attempt.isSettled) return;
    this.#settle(attempt);
    this.#options.backOff.reset();
    this.#failure = undefined;
    this.#ready = connection;
    this.#setState("ready");
    this.#queue.serve(connection);
  }

  #onUnavailable(attempt: Attempt, connection: HeldConnection): void {
    if (!attempt.isSettled) {
      this.#fail(attempt, connection.closeReason ?? new GrpcError("UNAVAILABLE", "the server does not take calls"));
      return;
    }
    if (this.#ready !== connection) return;
    this.#ready = undefined;
    this.#setState("idle");
    if (this.#options.isEager || !this.#queue.isEmpty) this.connect();
  }

  #fail(attempt: Attempt, cause: unknown): void {
    if (attempt.isSettled) return;
    this.#settle(attempt);
    attempt.abort.abort(cause);
    attempt.connection?.destroy();
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new GrpcError("UNAVAILABLE", `cannot connect: ${why}`, { cause, unprocessed: "unsent" });
    this.#setState("transient-failure");
    this.#queue.fail(this.#failure, "those that do not wait for ready");
    this.#startInTime();
  }

  #settle(attempt: Attempt): void {
    attempt.isSettled = true;
    attempt.cancelTimeout();
    this.#attempt = undefined;
  }

  #setState(state: ConnectivityState): void {
    if (this.#state === state || this.#state === "shutdown") return;
    this.#state = state;
    try {
      this.#options.onStateChange(state, state === "transient-failure" ? this.#failure : undefined);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}

function closedError(): GrpcError {
  return new GrpcError("UNAVAILABLE", "the client was closed", { unprocessed: "unsent" });
}
