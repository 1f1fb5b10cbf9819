/** Bounds of one notifier's delivery. */
export interface DeliveryPolicy {
  /** Calls to one plugin at once. Default 250, SFTPGo's bound for all its notifiers together. */
  readonly maxInFlight: number;
  /** How many of them may be about failed logins. Default 62, a quarter. */
  readonly maxFailedLoginsInFlight: number;
  /** How long a plugin may take over one event, milliseconds. Default 20 000, as in SFTPGo. */
  readonly callTimeoutMs: number;
  /**
   * Estimated memory of the events that wait for one plugin, bytes. Default 64 MiB, some 50 000 file events. SFTPGo knows
   * no such bound; here it always holds, whatever `retry_queue_max_size` says. A new event that does not fit is dropped
   * (`queue-full`): those that wait are older, and a user's events must stay in order.
   */
  readonly maxQueueBytes: number;
  /**
   * The same for failed logins, which come beside the others: anyone who can connect makes thousands of them a second.
   * Default 8 MiB, some 8 000. Here, too, it is the new one that is dropped (`failed-logins-full`): a flood must not wash
   * out the attempts it is to hide.
   */
  readonly maxFailedLoginBytes: number;
  /**
   * Of events that are in the journal, how many are held in memory to be sent next, in bytes by estimate. Default 8 MiB; the
   * others are read when there is room. Failed logins get an eighth of it beside.
   */
  readonly journalWindowBytes: number;
}

/** What is delivered how, unless told otherwise. */
export const defaultDeliveryPolicy: DeliveryPolicy = {
  maxInFlight: 250,
  maxFailedLoginsInFlight: 62,
  callTimeoutMs: 20_000,
  maxQueueBytes: 64 * 1024 * 1024,
  maxFailedLoginBytes: 8 * 1024 * 1024,
  journalWindowBytes: 8 * 1024 * 1024,
};
