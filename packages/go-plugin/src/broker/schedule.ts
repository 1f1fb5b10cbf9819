/** Calls back after a time, unless the returned function is called before. */
export type Schedule = (callback: () => void, delayMs: number) => () => void;

/** Timers of the system. */
export const scheduleTimer: Schedule = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};
