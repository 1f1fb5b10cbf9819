/**
 * When a running plugin counts as hung. The first unanswered ping stops deliveries; after `maxFailures` in a row the
 * plugin is killed and started again.
 *
 * The defaults take between 35 and 40 s, which is more than the 20 s a call may take: a plugin that was only stopped or
 * starved for that long loses nothing that SFTPGo would have delivered.
 */
export interface HealthPolicy {
  /** From one answer to the next ping, milliseconds. Default 5 000. */
  readonly intervalMs: number;
  /** How long an answer may take, milliseconds. Default 5 000. */
  readonly timeoutMs: number;
  /** Pings without answer, in a row, after which the plugin is killed. Default 4. */
  readonly maxFailures: number;
}

/** How plugins are looked after, unless told otherwise. */
export const defaultHealthPolicy: HealthPolicy = { intervalMs: 5_000, timeoutMs: 5_000, maxFailures: 4 };
