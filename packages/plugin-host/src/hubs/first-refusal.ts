import type { RpcOptions } from "@fairlead/plugin-sdk/client";

/** What asking one of several ended with. */
type Verdict = { readonly allowed: boolean };

/**
 * Asks all of them at once. The first refusal is the answer, and the others are not waited for; without any it is
 * `allowed`.
 *
 * @param ask never rejects
 */
export async function findFirstRefusal<Item, Answer extends Verdict>(
  items: readonly Item[],
  allowed: Answer,
  ask: (item: Item, options: RpcOptions) => Promise<Answer>,
  options: RpcOptions,
): Promise<Answer> {
  const [only, ...others] = items;
  if (only === undefined) return allowed;
  if (others.length === 0) return ask(only, options);
  const decided = new AbortController();
  const signal = options.signal === undefined ? decided.signal : AbortSignal.any([options.signal, decided.signal]);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  let waiting = items.length;
  const wait = async (item: Item): Promise<void> => {
    const answer = await ask(item, { ...options, signal });
    waiting--;
    if (!answer.allowed || waiting === 0) resolve(answer);
  };
  for (const item of items) void wait(item);
  const answer = await promise;
  decided.abort();
  return answer;
}
