export interface Abortable {
  onAbort(reason: unknown): void;
}

interface Watched {
  readonly targets: Set<Abortable>;
  readonly listener: () => void;
}

/**
 * One listener a signal, however many calls share it: an AbortSignal walks its list of listeners for each one added.
 * The signal used last keeps its listener when its last call is done, for the next call will likely bring it again.
 */
export class AbortWatch {
  readonly #watched = new Map<AbortSignal, Watched>();
  #idle: AbortSignal | undefined;

  add(signal: AbortSignal, target: Abortable): void {
    const known = this.#watched.get(signal);
    if (known !== undefined) {
      known.targets.add(target);
      if (this.#idle === signal) this.#idle = undefined;
      return;
    }
    const watched = { targets: new Set([target]), listener: (): void => this.#onAbort(signal) };
    this.#watched.set(signal, watched);
    signal.addEventListener("abort", watched.listener, { once: true });
  }

  remove(signal: AbortSignal, target: Abortable): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined || !watched.targets.delete(target) || watched.targets.size > 0) return;
    if (this.#idle !== undefined) this.#forget(this.#idle);
    this.#idle = signal;
  }

  close(): void {
    for (const signal of this.#watched.keys()) this.#forget(signal);
    this.#idle = undefined;
  }

  #onAbort(signal: AbortSignal): void {
    const watched = this.#watched.get(signal);
    this.#watched.delete(signal);
    if (this.#idle === signal) this.#idle = undefined;
    for (const target of watched?.targets ?? []) target.onAbort(signal.reason);
  }

  #forget(signal: AbortSignal): void {
    const watched = this.#watched.get(signal);
    if (watched !== undefined) signal.removeEventListener("abort", watched.listener);
    this.#watched.delete(signal);
  }
}

/** For what is not a connection's own: calls before interceptors, calls that wait for a connection. */
export const callerSignals = new AbortWatch();
