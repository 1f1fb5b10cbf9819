import type { Duplex } from "node:stream";

import { encodeMessage } from "../calls/marshal.ts";
import { pump } from "../calls/pump.ts";
import { DEFAULT_GRACE_MS, DEFAULT_MAX_MESSAGE_BYTES } from "../defaults.ts";
import { GrpcError } from "../grpc-error.ts";
import { checkKeepAlive } from "../connection/keep-alive.ts";
import { interceptClient } from "../interceptors/intercept-client.ts";
import type { Method } from "../method.ts";
import { BidiClientCall, SingleResponseCall, StreamResponseCall } from "./client-call-kinds.ts";
import { NO_OPTIONS, type ClientCall } from "./client-call.ts";
import type { BidiCall, CallOptions, ClientConnection, ClientOptions, CloseOptions } from "./client-connection.ts";
import { ClientSession, type ConnectionHooks } from "./client-session.ts";

/**
 * A gRPC client on any node:stream Duplex (a socket, TLS or not, an in-memory pair). The stream belongs to the
 * connection from now on. Calls may start at once; they leave when the stream lets them. A connection carries 2^30 calls,
 * then it drains; to go on, connect a new stream.
 */
export function connectGrpc(stream: Duplex, options: ClientOptions = {}): ClientConnection {
  return interceptClient(new GrpcClientConnection(stream, options), options.interceptors ?? []);
}

/** With hooks for who keeps connections, and without interceptors. */
export function openConnection(stream: Duplex, options: ClientOptions, hooks: ConnectionHooks): HeldConnection {
  return new GrpcClientConnection(stream, options, hooks);
}

export interface HeldConnection extends ClientConnection {
  /** Whether a call may start now. */
  readonly takesCalls: boolean;
}

/** @throws {TypeError} for options no connection can have. */
export function checkClientOptions({ authority, userAgent, keepAlive }: ClientOptions): void {
  if (authority !== undefined) checkText("authority", authority);
  if (userAgent !== undefined) checkText("userAgent", userAgent);
  if (keepAlive !== undefined) checkKeepAlive(keepAlive);
}

function checkText(option: string, text: string): void {
  if (/^[\x20-\x7e]+$/.test(text)) return;
  throw new TypeError(`option ${option} must be printable ASCII, not ${JSON.stringify(text)}`);
}

class GrpcClientConnection implements HeldConnection {
  readonly #session: ClientSession;

  constructor(stream: Duplex, options: ClientOptions, hooks: ConnectionHooks = {}) {
    checkClientOptions(options);
    this.#session = new ClientSession({
      stream,
      readsStream: options.reads !== "caller",
      authority: options.authority ?? "localhost",
      scheme: options.scheme ?? "http",
      userAgent: options.userAgent ?? "grpc-fairlead/0.1",
      maxReceiveBytes: options.maxReceiveBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      maxSendBytes: options.maxSendBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      keepAlive: options.keepAlive,
      explainError: options.explainError,
      hooks,
    });
  }

  unary<Req, Res>(method: Method<Req, Res, "unary">, request: Req, options: CallOptions = NO_OPTIONS): Promise<Res> {
    const call = new SingleResponseCall(this.#session, method.path, method.response, options);
    this.#startWithRequest(call, method, request);
    return call.response;
  }

  serverStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    request: Req,
    options: CallOptions = NO_OPTIONS,
  ): AsyncIterable<Res> {
    const call = new StreamResponseCall(this.#session, method.path, method.response, options);
    this.#startWithRequest(call, method, request);
    return call.responses;
  }

  clientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    requests: AsyncIterable<Req> | Iterable<Req>,
    options: CallOptions = NO_OPTIONS,
  ): Promise<Res> {
    const call = new SingleResponseCall(this.#session, method.path, method.response, options);
    this.#session.start(call);
    void this.#sendRequests(call, method, requests);
    return call.response;
  }

  bidi<Req, Res>(method: Method<Req, Res, "bidirectional">, options: CallOptions = NO_OPTIONS): BidiCall<Req, Res> {
    const call = new StreamResponseCall(this.#session, method.path, method.response, options);
    this.#session.start(call);
    return new BidiClientCall(call, method, this.#session.maxSendBytes);
  }

  receive(bytes: Uint8Array): void {
    this.#session.receive(
      Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  }

  get takesCalls(): boolean {
    return this.#session.state === "open";
  }

  get closed(): Promise<void> {
    return this.#session.closed;
  }

  get closeReason(): Error | undefined {
    return this.#session.closeReason;
  }

  close(options: CloseOptions = {}): Promise<void> {
    return this.#session.close(options.graceMs ?? DEFAULT_GRACE_MS);
  }

  destroy(reason?: Error): void {
    this.#session.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The request is encoded first: a call whose request cannot be sent never reaches the server. */
  #startWithRequest<Req, Res>(call: ClientCall, method: Method<Req, Res>, request: Req): void {
    let bytes: Uint8Array;
    try {
      bytes = encodeMessage(method.request, request, this.#session.maxSendBytes);
    } catch (error) {
      call.finish(GrpcError.from(error));
      return;
    }
    this.#session.start(call);
    // Held back or not, it is the call that tells how it went.
    if (!call.isDone) call.sendBytes(bytes, true)?.catch(() => {});
  }

  async #sendRequests<Req, Res>(
    call: ClientCall,
    method: Method<Req, Res>,
    requests: AsyncIterable<Req> | Iterable<Req>,
  ): Promise<void> {
    const { maxSendBytes } = this.#session;
    try {
      await pump(requests, {
        get isDone() {
          return call.isDone;
        },
        get onDone() {
          return call.onDone;
        },
        set onDone(listener) {
          call.onDone = listener;
        },
        send: (request) => call.sendBytes(encodeMessage(method.request, request, maxSendBytes), false),
      });
      call.endRequests();
    } catch (error) {
      // After the call's end this does nothing: the error is the one the call ended with.
      call.finish(
        GrpcError.is(error) ? error : new GrpcError("CANCELLED", "the source of requests failed", { cause: error }),
      );
    }
  }
}
