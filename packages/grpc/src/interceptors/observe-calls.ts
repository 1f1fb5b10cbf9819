import { GrpcError } from "../grpc-error.ts";
import type { Metadata } from "../metadata.ts";
import type { Method } from "../method.ts";
import type { StatusCode } from "../status.ts";
import type { ClientInterceptor } from "./client-interceptor.ts";
import { followMessages, mapMessages, type Messages } from "./messages.ts";
import type { ServerInterceptor } from "./server-interceptor.ts";

/** How a call ended. */
export interface CallOutcome {
  readonly method: Method<unknown, unknown>;
  readonly code: StatusCode;
  /** Undefined after OK. */
  readonly error: GrpcError | undefined;
  readonly durationMs: number;
  /** Messages that reached this point of the chain. */
  readonly requests: number;
  readonly responses: number;
  /** What the server sent at the end, or will send; undefined when there is none. */
  readonly trailers: Metadata | undefined;
}

/** A listener that throws changes nothing for the call; Node shows the error as a warning. */
export type OutcomeListener = (outcome: CallOutcome) => void;

/** An interceptor that tells the outcome of each call, of whichever kind, once: for logs and metrics. */
export function observeClientCalls(listener: OutcomeListener): ClientInterceptor {
  return async (call, next) => {
    const observation = new Observation(call.method, call.startedAtMs, listener);
    const { onTrailers } = call.options;
    const options = {
      ...call.options,
      onTrailers(trailers: Metadata): void {
        observation.trailers = trailers;
        onTrailers?.(trailers);
      },
    };
    return await observation.follow(next({ ...call, options, request: observation.countRequests(call.request) }));
  };
}

/** The same before the handlers of a server. A call that is cut ends when it is cut, not when its handler returns. */
export function observeServerCalls(listener: OutcomeListener): ServerInterceptor {
  return async (call, next) => {
    const observation = new Observation(call.method, performance.now(), listener);
    const { signal, trailers } = call;
    observation.trailers = trailers;
    const onAbort = (): void => observation.end(GrpcError.from(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    observation.onceEnded(() => signal.removeEventListener("abort", onAbort));
    return await observation.follow(next({ ...call, request: observation.countRequests(call.request) }));
  };
}

class Observation {
  trailers: Metadata | undefined;
  readonly #method: Method<unknown, unknown>;
  readonly #startedAtMs: number;
  readonly #listener: OutcomeListener;
  #requests = 0;
  #responses = 0;
  #isOver = false;
  #cleanUp: (() => void) | undefined;

  constructor(method: Method<unknown, unknown>, startedAtMs: number, listener: OutcomeListener) {
    this.#method = method;
    this.#startedAtMs = startedAtMs;
    this.#listener = listener;
  }

  onceEnded(cleanUp: () => void): void {
    this.#cleanUp = cleanUp;
  }

  countRequests(requests: Messages): Messages {
    return mapMessages(requests, (message) => {
      this.#requests++;
      return message;
    });
  }

  async follow(response: Promise<Messages>): Promise<Messages> {
    let messages: Messages;
    try {
      messages = await response;
    } catch (error) {
      this.end(GrpcError.from(error));
      throw error;
    }
    if (messages.kind === "single") {
      this.#responses++;
      this.end(undefined);
      return messages;
    }
    return { kind: "stream", messages: followMessages(messages.messages, this.#follower()) };
  }

  end(error: GrpcError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cleanUp?.();
    try {
      this.#listener({
        method: this.#method,
        code: error?.code ?? "OK",
        error,
        durationMs: performance.now() - this.#startedAtMs,
        requests: this.#requests,
        responses: this.#responses,
        trailers: error !== undefined && error.trailers.size > 0 ? error.trailers : this.trailers,
      });
    } catch (failure) {
      process.emitWarning(failure instanceof Error ? failure : String(failure));
    }
  }

  #follower(): Parameters<typeof followMessages>[1] {
    return {
      onMessage: (message) => {
        this.#responses++;
        return message;
      },
      onEnd: (error) => this.end(error === undefined ? undefined : GrpcError.from(error)),
      // A server cuts its handler first and says why a moment later.
      onLeave: () => queueMicrotask(() => this.end(new GrpcError("CANCELLED", "the reader of the responses left"))),
    };
  }
}
