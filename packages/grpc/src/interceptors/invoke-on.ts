import type { BidiCall, CallOptions, ClientConnection } from "../client/client-connection.ts";
import { GrpcError } from "../grpc-error.ts";
import type { Method, MethodKind } from "../method.ts";
import type { InvokeNext, OutgoingCall } from "./client-interceptor.ts";
import { followMessages, type Messages } from "./messages.ts";

/** The end of a chain: makes the call on a connection. */
export function invokeOn(connection: ClientConnection): InvokeNext {
  return (call) => INVOKE[call.method.kind](connection, call, withTimeLeft(call));
}

type Invoke = (connection: ClientConnection, call: OutgoingCall, options: CallOptions) => Promise<Messages>;

const INVOKE: Readonly<Record<MethodKind, Invoke>> = {
  unary: async (connection, call, options) => {
    const message = await connection.unary(as(call.method, "unary"), oneRequest(call), options);
    return { kind: "single", message };
  },
  "client-streaming": async (connection, call, options) => {
    const message = await connection.clientStream(as(call.method, "client-streaming"), requestStream(call), options);
    return { kind: "single", message };
  },
  "server-streaming": async (connection, call, options) => ({
    kind: "stream",
    messages: connection.serverStream(as(call.method, "server-streaming"), oneRequest(call), options),
  }),
  bidirectional: async (connection, call, options) => {
    // First: without requests there is to be no call.
    const requests = requestStream(call)[Symbol.asyncIterator]();
    const messages = sendAll(connection.bidi(as(call.method, "bidirectional"), options), requests);
    return { kind: "stream", messages };
  },
};

/** `deadlineMs` of a connection counts from the start there, which may be later. */
function withTimeLeft({ options, startedAtMs }: OutgoingCall): CallOptions {
  if (options.deadlineMs === undefined) return options;
  const passedMs = performance.now() - startedAtMs;
  return passedMs < 1 ? options : { ...options, deadlineMs: options.deadlineMs - passedMs };
}

/** The kind of a method says which of the connection's functions takes it. */
function as<K extends MethodKind>(method: Method<unknown, unknown>, _kind: K): Method<unknown, unknown, K> {
  return method as Method<unknown, unknown, K>;
}

function oneRequest({ method, request }: OutgoingCall): unknown {
  if (request.kind === "single") return request.message;
  throw new GrpcError("INTERNAL", `an interceptor gave ${method.path} a stream of requests, it takes one`);
}

function requestStream({ method, request }: OutgoingCall): AsyncIterable<unknown> {
  if (request.kind === "stream") return request.messages;
  throw new GrpcError("INTERNAL", `an interceptor gave ${method.path} a single request, it takes a stream`);
}

/** Pulls the requests of a bidirectional call as fast as flow control allows, and lets go of them at its end. */
function sendAll(call: BidiCall<unknown, unknown>, source: AsyncIterator<unknown>): AsyncIterable<unknown> {
  let sourceError: GrpcError | undefined;
  const leave = (): void => void source.return?.().catch(() => {});
  const send = async (): Promise<void> => {
    for (;;) {
      const result = await source.next();
      if (result.done === true) return call.end();
      try {
        await call.send(result.value);
      } catch {
        // The call is over, and says itself why.
        return leave();
      }
    }
  };
  send().catch((error: unknown) => {
    sourceError = GrpcError.is(error)
      ? error
      : new GrpcError("CANCELLED", "the source of requests failed", { cause: error });
    call.cancel();
  });
  const answers = followMessages(call, { onEnd: leave, onLeave: leave });
  return {
    [Symbol.asyncIterator]() {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        next: () =>
          iterator.next().catch((error: unknown) => {
            throw sourceError ?? error;
          }),
        return: () => iterator.return!(),
      };
    },
  };
}
