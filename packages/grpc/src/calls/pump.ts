import { MESSAGES_PER_TURN, nextTurn } from "./next-turn.ts";

export interface PumpTarget<T> {
  /** True once nothing more can be sent. */
  readonly isDone: boolean;
  /** Set by the pump: to be called when nothing more can be sent, so that the source is let go at once. */
  onDone: (() => void) | undefined;
  /** A promise when flow control holds the message back; it rejects when the call ends first. */
  send(message: T): Promise<void> | undefined;
}

/**
 * Sends what `source` yields, no faster than flow control allows, until it is done or the target is. A source that is
 * in the middle of its next message when the target is done is told to return and not waited for.
 */
export async function pump<T>(source: AsyncIterable<T> | Iterable<T>, target: PumpTarget<T>): Promise<void> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let sentAtOnce = 0;
  let isExhausted = false;
  let isLeft = false;
  const leave = async (): Promise<void> => {
    if (isLeft || isExhausted) return;
    isLeft = true;
    await iterator.return?.();
  };
  // Nobody is left to hear of an error in a source whose target is done.
  target.onDone = () => void leave().catch(() => {});
  try {
    while (!target.isDone) {
      const result = await iterator.next();
      if (result.done === true) {
        isExhausted = true;
        return;
      }
      if (target.isDone) break;
      const sent = target.send(result.value);
      if (sent !== undefined) await sent;
      else if (++sentAtOnce % MESSAGES_PER_TURN === 0) await nextTurn();
    }
  } catch (error) {
    await leave().catch(() => {});
    throw error;
  } finally {
    target.onDone = undefined;
  }
  await leave().catch(() => {});
}
