import type { HostEvent } from "@fairlead/plugin-host";

/** Where events go; the hub of notifier plugins is one. Never throws, never waits. */
export interface EventSink {
  publish(event: HostEvent): void;
  /**
   * As {@link publish}, for an event of which no client may hear before it is safe: settles when it is, rejects when it
   * will not be; `undefined` when nobody asks for that. Absent: nobody ever does.
   */
  publishDurably?(event: HostEvent): Promise<void> | undefined;
  /** Whether what would be told with this file action must not be done now, because it could not be put down. */
  isRefusing?(action: string): boolean;
}
