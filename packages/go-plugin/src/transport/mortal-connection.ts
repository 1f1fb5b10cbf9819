import { GrpcError } from "@fairlead/grpc";
import type { BidiCall, CallOptions, ClientConnection, CloseOptions, Method } from "@fairlead/grpc";
import type { PluginError } from "../plugin-error.ts";

/**
 * What a plugin's clients call: its connection, which after the plugin's end says so. The end of the socket is seen before
 * that of the process, and a connection that has ended remembers only its own reason.
 */
export class MortalConnection implements ClientConnection {
  readonly #connection: ClientConnection;
  readonly #gone: AbortSignal;

  /** `gone` is aborted at the end, with a PluginError: from then on every call fails UNAVAILABLE with this cause. */
  constructor(connection: ClientConnection, gone: AbortSignal) {
    this.#connection = connection;
    this.#gone = gone;
    const cut = (): void => connection.destroy(this.#end);
    gone.addEventListener("abort", cut, { once: true });
    if (gone.aborted) cut();
    void connection.closed.then(() => gone.removeEventListener("abort", cut));
  }

  get #end(): PluginError | undefined {
    return this.#gone.aborted ? (this.#gone.reason as PluginError) : undefined;
  }

  unary<Req, Res>(method: Method<Req, Res, "unary">, request: Req, options?: CallOptions): Promise<Res> {
    const end = this.#end;
    if (end !== undefined) return Promise.reject(unavailable(end));
    return this.#connection.unary(method, request, options);
  }

  serverStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    request: Req,
    options?: CallOptions,
  ): AsyncIterable<Res> {
    const end = this.#end;
    if (end !== undefined) return failing(end);
    return this.#connection.serverStream(method, request, options);
  }

  clientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    requests: AsyncIterable<Req> | Iterable<Req>,
    options?: CallOptions,
  ): Promise<Res> {
    const end = this.#end;
    if (end !== undefined) return Promise.reject(unavailable(end));
    return this.#connection.clientStream(method, requests, options);
  }

  bidi<Req, Res>(method: Method<Req, Res, "bidirectional">, options?: CallOptions): BidiCall<Req, Res> {
    const end = this.#end;
    if (end === undefined) return this.#connection.bidi(method, options);
    return { ...failing<Res>(end), send: () => Promise.reject(unavailable(end)), end() {}, cancel() {} };
  }

  receive(bytes: Uint8Array): void {
    this.#connection.receive(bytes);
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  get closeReason(): Error | undefined {
    return this.#end ?? this.#connection.closeReason;
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#connection.close(options);
  }

  destroy(reason?: Error): void {
    this.#connection.destroy(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function failing<Res>(end: PluginError): AsyncIterable<Res> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(unavailable(end)) }) };
}

function unavailable(end: PluginError): GrpcError {
  return new GrpcError("UNAVAILABLE", end.summary, { cause: end });
}
