import { PluginError } from "../plugin-error.ts";
import type { PeerRole } from "../tls/peer-tls.ts";
import type { Schedule } from "./schedule.ts";

/** Both times of grpc_broker.go: how long a dial waits for the news of an accept, and how long news waits for a dial. */
export const BROKER_TIMEOUT_MS = 5_000;

/** News that nobody asks for takes memory for five seconds: no more of it than this. */
const MAX_KEPT = 1_024;

/** What became of a value: taken by who waited for it, kept for a while, or dropped. */
export type PutOutcome = "delivered" | "kept" | "duplicate" | "too many";

interface Kept<T> {
  readonly value: T;
  readonly cancelExpiry: () => void;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Where the news of accepts meets the dials that wait for it: one slot per id, emptied by one dial, or after five seconds
 * (grpc_broker.go: Run, Dial, timeoutWait). Knows nothing of what is put into it.
 */
export class OneShotSlots<T> {
  readonly #peer: PeerRole;
  readonly #schedule: Schedule;
  readonly #kept = new Map<number, Kept<T>>();
  readonly #waiting = new Map<number, Waiting<T>>();
  #end: PluginError | undefined;

  constructor(options: { readonly peer: PeerRole; readonly schedule: Schedule }) {
    this.#peer = options.peer;
    this.#schedule = options.schedule;
  }

  /** The first news of an id counts until it is taken: later news is dropped, as in go-plugin. */
  put(id: number, value: T): PutOutcome {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      waiting.resolve(value);
      return "delivered";
    }
    if (this.#kept.has(id)) return "duplicate";
    if (this.#end !== undefined || this.#kept.size >= MAX_KEPT) return "too many";
    const cancelExpiry = this.#schedule(() => this.#kept.delete(id), BROKER_TIMEOUT_MS);
    this.#kept.set(id, { value, cancelExpiry });
    return "kept";
  }

  /** Takes what was put or will be put within five seconds. Two at once for one id can crash Go's broker; here the second fails. */
  async take(id: number, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    if (this.#end !== undefined) throw this.#end;
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      kept.cancelExpiry();
      this.#kept.delete(id);
      return kept.value;
    }
    if (this.#waiting.has(id)) {
      throw new PluginError("ERR_BROKER_ID_IN_USE", `the broker's id ${id} is being dialled already`, {
        details: { id },
      });
    }
    return await this.#wait(id, signal);
  }

  /** Forgets what was put: it came from a peer that is gone. */
  clear(): void {
    for (const { cancelExpiry } of this.#kept.values()) cancelExpiry();
    this.#kept.clear();
  }

  /** Fails who waits, and who comes later. Idempotent: the first reason stays. */
  end(reason: PluginError): void {
    this.#end ??= reason;
    this.clear();
    for (const { reject } of this.#waiting.values()) reject(reason);
  }

  #wait(id: number, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        cancelTimeout();
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(id);
        act();
      };
      const fail = (error: Error): void => settle(() => reject(error));
      const onAbort = (): void => fail(signal?.reason as Error);
      const cancelTimeout = this.#schedule(() => fail(timedOut(this.#peer, id)), BROKER_TIMEOUT_MS);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(id, { resolve: (value) => settle(() => resolve(value)), reject: fail });
    });
  }
}

function timedOut(peer: PeerRole, id: number): PluginError {
  return new PluginError(
    "ERR_BROKER_TIMEOUT",
    `timeout waiting for connection info: the ${peer} did not accept id ${id} within ${BROKER_TIMEOUT_MS} ms`,
    { details: { id, timeoutMs: BROKER_TIMEOUT_MS } },
  );
}
