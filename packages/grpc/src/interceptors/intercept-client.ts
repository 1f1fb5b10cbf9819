import type { BidiCall, CallOptions, ClientConnection, CloseOptions } from "../client/client-connection.ts";
import type { Method } from "../method.ts";
import { CallFront } from "./call-front.ts";
import { chainClientInterceptors, type ClientInterceptor } from "./client-interceptor.ts";
import { invokeOn } from "./invoke-on.ts";

/** A connection whose calls go through `interceptors`, the first one outermost. Without any it is the connection itself. */
export function interceptClient(
  connection: ClientConnection,
  interceptors: readonly ClientInterceptor[],
): ClientConnection {
  return interceptors.length === 0 ? connection : new InterceptedConnection(connection, interceptors);
}

class InterceptedConnection implements ClientConnection {
  readonly #connection: ClientConnection;
  readonly #calls: CallFront;

  constructor(connection: ClientConnection, interceptors: readonly ClientInterceptor[]) {
    this.#connection = connection;
    this.#calls = new CallFront(chainClientInterceptors(interceptors, invokeOn(connection)));
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

  receive(bytes: Uint8Array): void {
    this.#connection.receive(bytes);
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  get closeReason(): Error | undefined {
    return this.#connection.closeReason;
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#connection.close(options);
  }

  destroy(reason?: Error): void {
    this.#connection.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
