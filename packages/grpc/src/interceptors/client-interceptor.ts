import { GrpcError } from "../grpc-error.ts";
import type { CallOptions } from "../client/client-connection.ts";
import type { Method } from "../method.ts";
import type { Messages } from "./messages.ts";

/** A call on its way out. Nothing in it is changed in place: an interceptor hands a changed copy to `next`. */
export interface OutgoingCall {
  readonly method: Method<unknown, unknown>;
  /**
   * Metadata, deadline, signal and listeners. `deadlineMs` counts from `startedAtMs`, whoever set it and whenever. The
   * signal of a streaming call also speaks for that, and for a caller that has left; of other calls it is the caller's.
   */
  readonly options: CallOptions;
  readonly request: Messages;
  /** When the caller made the call, on the clock of `performance.now()`. */
  readonly startedAtMs: number;
}

/** The rest of the chain: the next interceptor, or the connection itself. May be called again, to retry. */
export type InvokeNext = (call: OutgoingCall) => Promise<Messages>;

/**
 * Stands between a caller and the connection, for all four kinds of calls:
 *
 *     const withToken: ClientInterceptor = async (call, next) => {
 *       const metadata = new Metadata(call.options.metadata).set("authorization", await token());
 *       return await next({ ...call, options: { ...call.options, metadata } });
 *     };
 *
 * The promise of `next` resolves with the one response when it is here, and with a stream of responses at once. A response
 * made without `next` answers the call; what is thrown ends it (anything but a GrpcError as UNKNOWN). A caller who
 * cancels or whose deadline passes is answered at once, whatever interceptors wait for.
 */
export type ClientInterceptor = (call: OutgoingCall, next: InvokeNext) => Promise<Messages>;

/** The first interceptor is the outermost. */
export function chainClientInterceptors(interceptors: readonly ClientInterceptor[], last: InvokeNext): InvokeNext {
  return interceptors.reduceRight<InvokeNext>((next, interceptor) => (call) => passOn(interceptor, call, next), last);
}

/** What throws before it returns a promise rejects, too. */
export function passOn<Call>(
  interceptor: (call: Call, next: (call: Call) => Promise<Messages>) => Promise<Messages>,
  call: Call,
  next: (call: Call) => Promise<Messages>,
): Promise<Messages> {
  try {
    return interceptor(call, next);
  } catch (error) {
    return Promise.reject(GrpcError.from(error));
  }
}
