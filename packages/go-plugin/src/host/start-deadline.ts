import { PluginError } from "../plugin-error.ts";

/** What a start is waiting for, for the error when it takes too long. */
export type StartStage =
  | "the process to start"
  | "the handshake line"
  | "a connection"
  | "an answer to the health check";

/** The time a plugin has to start. Its signal aborts with the error to throw. */
export class StartDeadline {
  readonly signal: AbortSignal;
  stage: StartStage = "the process to start";
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;

  constructor(timeoutMs: number, outer: AbortSignal) {
    this.signal = this.#controller.signal;
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#controller.abort(this.#timedOut(timeoutMs)), timeoutMs);
    outer.addEventListener("abort", this.#abort, { once: true });
    if (outer.aborted) this.#abort();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
  }

  /** Settles as `promise`, or rejects when the time is up. */
  async limit<T>(promise: Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(this.signal.reason as Error);
    this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  readonly #abort = (): void => {
    const cause: unknown = this.#outer.reason;
    this.#controller.abort(new PluginError("ERR_START_ABORTED", "the start was aborted", { cause }));
  };

  #timedOut(timeoutMs: number): PluginError {
    return new PluginError(
      "ERR_PLUGIN_START_TIMEOUT",
      `timeout while waiting for plugin to start: still waiting for ${this.stage} after ${timeoutMs} ms`,
      { details: { timeoutMs, stage: this.stage } },
    );
  }
}
