/**
 * One algorithm for two ways of making system calls. A procedure is a generator that passes each call's result through
 * {@link step}; when the calls are direct it runs to its end at once, when they return promises it is awaited.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The result of a call, now or later. `yield* step(call())`. */
export function* step<T>(result: T | Promise<T>): Steps<T> {
  return result instanceof Promise ? ((yield result) as T) : result;
}

/** Runs a procedure; a promise only if one of its calls was one. */
export function runSteps<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : finishLater(steps, first.value);
}

async function finishLater<T>(steps: Steps<T>, pending: Promise<unknown>): Promise<T> {
  let current: Promise<unknown> = pending;
  for (;;) {
    const next = await current.then(
      (value) => steps.next(value),
      (error: unknown) => steps.throw(error),
    );
    if (next.done === true) return next.value;
    current = next.value;
  }
}
