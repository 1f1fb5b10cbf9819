/** Nanoseconds since 1970; each reading is greater than the one before. */
export type EventClock = () => bigint;

/** How far the fast clock may wander from the system's before it is set again. */
const MAX_DRIFT_NS = 20_000_000n;

export interface ClockSources {
  /** Wall time, milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Any clock that only runs forwards, nanoseconds. */
  readonly monotonicNs: () => bigint;
}

const SYSTEM: ClockSources = { wallMs: () => Date.now(), monotonicNs: () => process.hrtime.bigint() };

/**
 * A clock for event timestamps: wall time with the resolution of the monotonic clock, following the wall clock when it
 * is corrected, but never giving the same time twice nor going backwards. SFTPGo's events carry such times, and event
 * stores use them as keys.
 */
export function createEventClock(sources: ClockSources = SYSTEM): EventClock {
  let offsetNs = wallNs(sources) - sources.monotonicNs();
  let last = 0n;
  return () => {
    const monotonicNs = sources.monotonicNs();
    const drift = wallNs(sources) - (monotonicNs + offsetNs);
    if (drift > MAX_DRIFT_NS || drift < -MAX_DRIFT_NS) offsetNs += drift;
    const now = monotonicNs + offsetNs;
    last = now > last ? now : last + 1n;
    return last;
  };
}

function wallNs(sources: ClockSources): bigint {
  return BigInt(Math.trunc(sources.wallMs())) * 1_000_000n;
}

/** The process's clock. One for all, because times must be unique among all events of the process. */
export const eventClock: EventClock = createEventClock();
