import { callerSignals, type Abortable } from "../client/abort-watch.ts";
import { GrpcError } from "../grpc-error.ts";

interface Waiting<T> extends Abortable {
  readonly waitsForReady: boolean;
  readonly resolve: (value: T) => void;
  readonly reject: (error: GrpcError) => void;
}

/** Calls that wait for a connection, in their order and not too many. */
export class CallQueue<T> {
  readonly #maxCalls: number;
  readonly #waiting = new Set<Waiting<T>>();

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  wait(waitsForReady: boolean, signal: AbortSignal | undefined): Promise<T> {
    if (this.#waiting.size >= this.#maxCalls) {
      const why = `${this.#maxCalls} calls already wait for a connection`;
      return Promise.reject(new GrpcError("RESOURCE_EXHAUSTED", why, { unprocessed: "unsent" }));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(call);
        if (signal !== undefined) callerSignals.remove(signal, call);
      };
      const call: Waiting<T> = {
        waitsForReady,
        resolve: (value) => {
          leave();
          resolve(value);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
        // Its caller knows already; this ends what waits here.
        onAbort: (reason) => call.reject(new GrpcError("CANCELLED", "the call was cancelled", { cause: reason })),
      };
      if (signal?.aborted === true) return call.onAbort(signal.reason);
      if (signal !== undefined) callerSignals.add(signal, call);
      return void this.#waiting.add(call);
    });
  }

  serve(value: T): void {
    for (const call of this.#waiting) call.resolve(value);
  }

  fail(error: GrpcError, which: "all" | "those that do not wait for ready"): void {
    for (const call of this.#waiting) if (which === "all" || !call.waitsForReady) call.reject(error);
  }
}
