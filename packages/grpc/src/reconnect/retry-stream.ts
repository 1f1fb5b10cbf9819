/**
 * A stream of responses that starts again when it fails before its first message and `mayRetry` says so: `start` gives the
 * next one.
 */
export function retryStream(
  first: AsyncIterable<unknown>,
  mayRetry: (error: unknown) => boolean,
  start: () => Promise<AsyncIterable<unknown>>,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      let source = first[Symbol.asyncIterator]();
      let hasBegun = false;
      let isLeft = false;
      const next = async (): Promise<IteratorResult<unknown>> => {
        for (;;) {
          try {
            const result = await source.next();
            hasBegun = true;
            return result;
          } catch (error) {
            if (hasBegun || isLeft || !mayRetry(error)) throw error;
            source = (await start())[Symbol.asyncIterator]();
          }
        }
      };
      return {
        next,
        return: async () => {
          isLeft = true;
          await source.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
