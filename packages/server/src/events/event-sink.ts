import type { HostEvent } from "@fairlead/plugin-host";

/** Where events go; the hub of notifier plugins is one. Never throws, never waits. */
export interface EventSink {
  publish(event: HostEvent): void;
}
