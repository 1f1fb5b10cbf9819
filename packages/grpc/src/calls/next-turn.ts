/** A sender that is never made to wait would keep the event loop for as long as the windows let it. */
export const MESSAGES_PER_TURN = 128;

/** Lets the event loop turn, so that what was sent leaves and others have theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
