import { GrpcError } from "../grpc-error.ts";
import type { Method } from "../method.ts";
import type { ServerCall } from "../server/grpc-server.ts";
import { passOn } from "./client-interceptor.ts";
import { responseStream, singleResponse, toAsyncIterable, type Messages } from "./messages.ts";
import type { HandleNext, IncomingCall, ServerInterceptor } from "./server-interceptor.ts";

/** What a session gives to handlers, and interceptors to those behind them. */
export interface ShortenableCall extends ServerCall {
  /** The call ends at `deadline` when that is before its own. */
  shortenDeadline?(deadline: Date): void;
}

export type PlainHandler = (input: unknown, call: ServerCall) => unknown;
export type RawHandler = (input: unknown, call: ShortenableCall) => unknown;

/** A handler behind interceptors, the first one outermost. Without any it is the handler itself. */
export function interceptHandler(
  method: Method<unknown, unknown>,
  handler: PlainHandler,
  interceptors: readonly ServerInterceptor[],
): RawHandler {
  if (interceptors.length === 0) return handler;
  const streamsRequests = method.kind === "client-streaming" || method.kind === "bidirectional";
  const streamsResponses = method.kind === "server-streaming" || method.kind === "bidirectional";
  const handle: HandleNext = async (call) => {
    if (call.deadline !== undefined) (call as ShortenableCall).shortenDeadline?.(call.deadline);
    const output = handler(inputOf(call, streamsRequests), call);
    return streamsResponses
      ? { kind: "stream", messages: toAsyncIterable(output as AsyncIterable<unknown>) }
      : { kind: "single", message: await output };
  };
  const chain = interceptors.reduceRight<HandleNext>(
    (next, interceptor) => (call) => passOn(interceptor, call, next),
    handle,
  );
  return (input, call) => {
    const request: Messages = streamsRequests
      ? { kind: "stream", messages: input as AsyncIterable<unknown> }
      : { kind: "single", message: input };
    const response = chain(incomingCall(call, method, request));
    return streamsResponses ? new LateStream(response) : singleOf(response);
  };
}

function incomingCall(
  call: ShortenableCall,
  method: Method<unknown, unknown>,
  request: Messages,
): IncomingCall & ShortenableCall {
  return {
    method,
    request,
    path: call.path,
    peer: call.peer,
    // Made when they are asked for.
    get deadline() {
      return call.deadline;
    },
    get metadata() {
      return call.metadata;
    },
    get signal() {
      return call.signal;
    },
    get trailers() {
      return call.trailers;
    },
    shortenDeadline: (earlier) => call.shortenDeadline?.(earlier),
    compressResponses: () => call.compressResponses(),
    sendHeaders: (metadata) => call.sendHeaders(metadata),
  };
}

function inputOf({ method, request }: IncomingCall, streams: boolean): unknown {
  if (streams && request.kind === "stream") return request.messages;
  if (!streams && request.kind === "single") return request.message;
  throw new GrpcError("INTERNAL", `an interceptor gave the handler of ${method.path} the wrong kind of request`);
}

async function singleOf(response: Promise<Messages>): Promise<unknown> {
  return singleResponse(await response);
}

/** The responses of a call that interceptors are still at work on. */
class LateStream implements AsyncIterableIterator<unknown> {
  readonly #source: Promise<AsyncIterator<unknown>>;

  constructor(response: Promise<Messages>) {
    // An interceptor in JavaScript may return no promise.
    this.#source = Promise.resolve(response).then((messages) => responseStream(messages)[Symbol.asyncIterator]());
    // A call that ended meanwhile asks for nothing more.
    this.#source.catch(() => {});
  }

  async next(): Promise<IteratorResult<unknown>> {
    return await (await this.#source).next();
  }

  async return(): Promise<IteratorResult<unknown>> {
    await (await this.#source).return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
