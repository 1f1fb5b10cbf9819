/** Why an event was given up; appears in the log as `reason`. */
export type DropReason =
  /** The plugin did not take it, and `retry_max_time` is 0. */
  | "not-retried"
  /** The plugin did not take it for `retry_max_time`. */
  | "too-old"
  /** As many events as `retry_queue_max_size` already wait for another try. */
  | "retry-queue-full"
  /** The events that wait already take all the memory they may. */
  | "queue-full"
  /** The failed logins that wait already take all the memory they may. */
  | "failed-logins-full"
  /** The plugin is down, and `retry_max_time` is 0. */
  | "plugin-down"
  /** It cannot be encoded. */
  | "unsendable"
  /** The journal has reached its size. */
  | "journal-full"
  /** The journal cannot be written, and what waits for it takes all the memory it may. */
  | "journal-failing"
  /** It waited in the journal for longer than it may. */
  | "expired"
  /** A row of the journal that is no event. */
  | "unreadable"
  /** The host stopped before it could be delivered. */
  | "stopped";

/** What there is to know after a plugin did not take an event. */
export interface FailedDelivery {
  readonly retryMaxTimeS: number;
  /** Time since the event happened, milliseconds. */
  readonly ageMs: number;
  /** Other events that wait for another try. */
  readonly waiting: number;
  /** 0: no limit. */
  readonly retryQueueMaxSize: number;
}

/** SFTPGo's rule: the age counts when a try fails, not while an event waits. `undefined`: try again. */
export function judgeFailedDelivery(facts: FailedDelivery): DropReason | undefined {
  if (facts.retryMaxTimeS === 0) return "not-retried";
  if (facts.ageMs > facts.retryMaxTimeS * 1_000) return "too-old";
  if (facts.retryQueueMaxSize > 0 && facts.waiting >= facts.retryQueueMaxSize) return "retry-queue-full";
  return undefined;
}

/**
 * Whether a plugin's answer is about the event. A plugin that is gone or too slow says nothing about it: with a journal such
 * an event waits for as long as the journal keeps it.
 */
export function isRefusal(code: string): boolean {
  return code !== "UNAVAILABLE" && code !== "CANCELLED" && code !== "DEADLINE_EXCEEDED";
}

/**
 * The rule for events of the journal: `retry_max_time`, when it is set, begins when the plugin refuses the event for the
 * first time, so that time in which the plugin was down costs no event. Unset, events are tried until they are too old for
 * the journal. `undefined`: try again.
 */
export function judgeJournaledDelivery(retryMaxTimeS: number, refusedForMs: number): DropReason | undefined {
  return retryMaxTimeS > 0 && refusedForMs > retryMaxTimeS * 1_000 ? "too-old" : undefined;
}

const firstRetryDelayMs = 200;
const maxRetryDelayMs = 10_000;

/**
 * How long a lane rests after its head failed while the plugin runs.
 *
 * @param attempts tries so far, at least 1
 * @param random a number from 0 up to 1
 */
export function computeRetryDelayMs(attempts: number, random: number): number {
  return Math.round(Math.min(maxRetryDelayMs, firstRetryDelayMs * 2 ** (attempts - 1)) * (0.8 + 0.4 * random));
}
