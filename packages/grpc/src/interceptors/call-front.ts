import type { BidiCall, CallOptions } from "../client/client-connection.ts";
import { NO_OPTIONS } from "../client/client-call.ts";
import { GrpcError } from "../grpc-error.ts";
import type { Method } from "../method.ts";
import { CallScope, type WhyLate } from "./call-scope.ts";
import type { InvokeNext, OutgoingCall } from "./client-interceptor.ts";
import { singleResponse, toAsyncIterable, type Messages } from "./messages.ts";
import { RequestChannel } from "./request-channel.ts";
import { ResponseStream } from "./response-stream.ts";

/** The four kinds of calls of a client, made of one function that takes them all. */
export class CallFront {
  readonly #invoke: InvokeNext;
  readonly #whyLate: WhyLate | undefined;

  /**
   * `whyLate` when calls may wait behind `invoke`: they hear of a passed deadline by the call's signal, and its error says
   * what they waited for.
   */
  constructor(invoke: InvokeNext, whyLate?: WhyLate) {
    this.#invoke = invoke;
    this.#whyLate = whyLate;
  }

  unary<Req, Res>(method: Method<Req, Res, "unary">, request: Req, options: CallOptions = NO_OPTIONS): Promise<Res> {
    return this.#single(method, { kind: "single", message: request }, options);
  }

  clientStream<Req, Res>(
    method: Method<Req, Res, "client-streaming">,
    requests: AsyncIterable<Req> | Iterable<Req>,
    options: CallOptions = NO_OPTIONS,
  ): Promise<Res> {
    return this.#single(method, { kind: "stream", messages: toAsyncIterable(requests) }, options);
  }

  serverStream<Req, Res>(
    method: Method<Req, Res, "server-streaming">,
    request: Req,
    options: CallOptions = NO_OPTIONS,
  ): AsyncIterable<Res> {
    const responses = this.#stream(method, { kind: "single", message: request }, options, () => {});
    return responses as AsyncIterable<unknown> as AsyncIterable<Res>;
  }

  bidi<Req, Res>(method: Method<Req, Res, "bidirectional">, options: CallOptions = NO_OPTIONS): BidiCall<Req, Res> {
    const requests = new RequestChannel();
    const responses = this.#stream(method, { kind: "stream", messages: toAsyncIterable(requests) }, options, (error) =>
      requests.close(error),
    );
    return {
      send: (message) => requests.send(message),
      end: () => requests.end(),
      cancel: () => responses.cancel(),
      [Symbol.asyncIterator]: () => responses[Symbol.asyncIterator]() as AsyncIterator<unknown> as AsyncIterator<Res>,
    };
  }

  #single<Req, Res>(method: Method<Req, Res>, request: Messages, options: CallOptions): Promise<Res> {
    if (options.signal === undefined && options.deadlineMs === undefined) {
      return this.#unbounded(outgoing(method, request, options, undefined)) as Promise<Res>;
    }
    return new Promise((resolve, reject) => {
      const canLeave = this.#whyLate !== undefined && options.deadlineMs !== undefined;
      const scope = new CallScope(options, canLeave, reject, this.#whyLate);
      void this.#unbounded(outgoing(method, request, options, scope.signal))
        .then((response) => resolve(response as Res), reject)
        .finally(() => scope.close());
    });
  }

  async #unbounded(call: OutgoingCall): Promise<unknown> {
    try {
      return singleResponse(await this.#invoke(call));
    } catch (error) {
      throw GrpcError.from(error);
    }
  }

  #stream<Req, Res>(
    method: Method<Req, Res>,
    request: Messages,
    options: CallOptions,
    onOver: (error: GrpcError | undefined) => void,
  ): ResponseStream {
    const start = (signal: AbortSignal | undefined): Promise<Messages> =>
      this.#invoke(outgoing(method, request, options, signal));
    return new ResponseStream(options, async (scope) => await start(scope.signal), onOver, this.#whyLate);
  }
}

function outgoing<Req, Res>(
  method: Method<Req, Res>,
  request: Messages,
  options: CallOptions,
  signal: AbortSignal | undefined,
): OutgoingCall {
  const given = signal === undefined || signal === options.signal ? options : { ...options, signal };
  return { method, options: given, request, startedAtMs: performance.now() };
}
