/**
 * Makes calls of `act` that come while it runs one more run after it, however many they are. `act` must not reject; it
 * is not begun any more once `signal` is aborted.
 */
export function onceAtATime(act: () => Promise<void>, signal: AbortSignal): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    for (; isWanted && !signal.aborted;) {
      isWanted = false;
      await act();
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}
