/**
 * How an operation goes with its neighbours: any number of one shared lane run together, "alone" runs with nothing else.
 */
export type Lane = "read" | "write" | "alone";

/**
 * Runs the operations on one thing as if one after another in the order they came, and together where that makes no
 * difference (draft §3: the results of requests on one file must be those of doing them one at a time).
 */
export class OperationGate {
  readonly #waiting: { readonly lane: Lane; readonly start: () => void }[] = [];
  #lane: Lane = "alone";
  #running = 0;

  /** Operations running or waiting. */
  get pending(): number {
    return this.#running + this.#waiting.length;
  }

  /** Takes a place in the order; undefined when the operation may start at once. Each `enter` is followed by a `leave`. */
  enter(lane: Lane): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#admits(lane)) {
      this.#start(lane);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ lane, start: resolve });
    return promise;
  }

  leave(): void {
    this.#running -= 1;
    for (let next = this.#waiting[0]; next !== undefined && this.#admits(next.lane); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#start(next.lane);
      next.start();
    }
  }

  #admits(lane: Lane): boolean {
    return this.#running === 0 || (lane !== "alone" && lane === this.#lane);
  }

  #start(lane: Lane): void {
    this.#lane = lane;
    this.#running += 1;
  }
}
