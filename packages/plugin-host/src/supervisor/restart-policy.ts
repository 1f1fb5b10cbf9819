/** When a plugin that ended is started again: exponential back-off with jitter. */
export interface RestartPolicy {
  /** Delay before the first restart, milliseconds. Default 100. */
  readonly initialDelayMs: number;
  /** The delay stops growing here, milliseconds. Default 30 000, SFTPGo's only interval. */
  readonly maxDelayMs: number;
  /** Each failure multiplies the delay by this. Default 2. */
  readonly factor: number;
  /** The delay varies by this share in both directions, so that plugins do not restart in step. Default 0.2. */
  readonly jitter: number;
  /** A plugin that ran this long counts as started well: the delays begin anew. Default 60 000. */
  readonly stableAfterMs: number;
  /** Failures in a row after which the plugin is given up. Default: never, as an operator may repair it any time. */
  readonly maxFailures: number;
}

/** When plugins start again, unless told otherwise. */
export const defaultRestartPolicy: RestartPolicy = {
  initialDelayMs: 100,
  maxDelayMs: 30_000,
  factor: 2,
  jitter: 0.2,
  stableAfterMs: 60_000,
  maxFailures: Number.POSITIVE_INFINITY,
};

/**
 * The delay before the next start.
 *
 * @param failures ends without a stable run in between, at least 1
 * @param random a number from 0 up to 1
 */
export function computeRestartDelayMs(policy: RestartPolicy, failures: number, random: number): number {
  const steady = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** (failures - 1));
  return Math.round(steady * (1 + policy.jitter * (2 * random - 1)));
}
