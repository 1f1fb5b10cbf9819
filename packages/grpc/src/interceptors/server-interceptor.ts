import type { Method } from "../method.ts";
import type { ServerCall } from "../server/grpc-server.ts";
import type { Messages } from "./messages.ts";

/**
 * A call on its way to its handler, which is given the one the last interceptor passed on. Nothing in it is changed in
 * place but `trailers`: an interceptor hands a changed copy (`{ ...call, metadata }`) to `next`. An earlier `deadline` ends
 * the call as the client's own would.
 */
export interface IncomingCall extends ServerCall {
  readonly method: Method<unknown, unknown>;
  readonly request: Messages;
}

/** The rest of the chain: the next interceptor, or the handler. */
export type HandleNext = (call: IncomingCall) => Promise<Messages>;

/**
 * Stands before the handlers of a server, for all four kinds of calls:
 *
 *     const guard: ServerInterceptor = async (call, next) => {
 *       if (call.metadata.get("authorization") !== token) throw new GrpcError("UNAUTHENTICATED", "who are you?");
 *       return await next(call);
 *     };
 *
 * Called when the handler would be: with the whole request of `unary` and `server-streaming` calls, with the headers of the
 * others. Methods without a handler are answered UNIMPLEMENTED before. The promise of `next` resolves with the one
 * response, or with the stream of them at once; a response made without `next` answers the call, what is thrown ends it
 * with that status, as in handlers.
 */
export type ServerInterceptor = (call: IncomingCall, next: HandleNext) => Promise<Messages>;
