import { callerSignals, type Abortable } from "../client/abort-watch.ts";
import { errorFromAbort } from "../client/client-call.ts";
import type { CallOptions } from "../client/client-connection.ts";
import { GrpcError } from "../grpc-error.ts";

/** What keeps calls waiting, if anything does. */
export type WhyLate = () => GrpcError | undefined;

const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** What a caller said about the end of a call, kept whatever interceptors wait for: its signal, its deadline, its leaving. */
export class CallScope implements Abortable {
  readonly #callerSignal: AbortSignal | undefined;
  readonly #abort: AbortController | undefined;
  readonly #onFail: (error: GrpcError) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `onFail` is called once at most, never from here. `canLeave`: the caller may leave before the end, which the calls made
   * in its name have to hear of. `whyLate`: what may have taken the time when the deadline passes.
   */
  constructor(
    { signal, deadlineMs }: CallOptions,
    canLeave: boolean,
    onFail: (error: GrpcError) => void,
    whyLate?: WhyLate,
  ) {
    this.#onFail = onFail;
    this.#callerSignal = signal;
    if (canLeave) this.#abort = new AbortController();
    if (signal?.aborted === true) {
      // Calls see it at once, the caller of this when it holds what it constructs.
      this.#abort?.abort(signal.reason);
      queueMicrotask(() => this.onAbort(signal.reason));
    } else if (signal !== undefined) callerSignals.add(signal, this);
    if (deadlineMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        const error = deadlineExceeded(deadlineMs, whyLate?.());
        this.#end(error, error);
      },
      Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(deadlineMs))),
    );
  }

  /** For the calls made in its name. */
  get signal(): AbortSignal | undefined {
    return this.#abort === undefined ? this.#callerSignal : this.#abort.signal;
  }

  /** Whether somebody waits for the call: without that its deadline keeps no process alive. At first somebody does. */
  setAwaited(isAwaited: boolean): void {
    if (isAwaited) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** The caller does not want the rest. */
  cancel(): void {
    this.#end(undefined, new GrpcError("CANCELLED", "the call was cancelled"));
  }

  /** The call is over. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#callerSignal !== undefined) callerSignals.remove(this.#callerSignal, this);
  }

  /** The caller's signal was aborted. */
  onAbort(reason: unknown): void {
    this.#end(reason, errorFromAbort(reason, "the call was cancelled"));
  }

  #end(reason: unknown, error: GrpcError): void {
    this.close();
    this.#onFail(error);
    this.#abort?.abort(reason);
  }
}

function deadlineExceeded(deadlineMs: number, why: GrpcError | undefined): GrpcError {
  const message = `the deadline of ${deadlineMs} ms passed`;
  if (why === undefined) return new GrpcError("DEADLINE_EXCEEDED", message);
  return new GrpcError("DEADLINE_EXCEEDED", `${message}; ${why.message}`, { cause: why });
}
