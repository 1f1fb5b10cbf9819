/** Bounds of one notifier's delivery. */
export interface DeliveryPolicy {
  /** Calls to one plugin at once. Default 250, SFTPGo's bound for all its notifiers together. */
  readonly maxInFlight: number;
  /** How long a plugin may take over one event, milliseconds. Default 20 000, as in SFTPGo. */
  readonly callTimeoutMs: number;
  /**
   * Estimated memory of the events that wait for one plugin, bytes. Default 64 MiB, some 50 000 file events. SFTPGo knows
   * no such bound; here it always holds, whatever `retry_queue_max_size` says. A new event that does not fit is dropped
   * (`queue-full`): those that wait are older, and a user's events must stay in order.
   */
  readonly maxQueueBytes: number;
}

export const defaultDeliveryPolicy: DeliveryPolicy = {
  maxInFlight: 250,
  callTimeoutMs: 20_000,
  maxQueueBytes: 64 * 1024 * 1024,
};
