import type { HostEvent } from "./host-event.ts";

/** What a bounded drain achieved. */
export interface DrainResult {
  /** Events delivered while draining, over all notifiers. */
  readonly delivered: number;
  /** Events given up while draining, or still undelivered when its time was over. */
  readonly dropped: number;
}

/** The server's one door to all its notifier plugins. */
export interface NotifierHub {
  /** Hands an event over. Costs a few comparisons and a push; never throws, never waits. */
  publish(event: HostEvent): void;
  /** True when some notifier is configured for this file action. */
  wants(kind: "fs", action: string): boolean;
  /** True when some notifier is configured for this action on this object type. */
  wants(kind: "provider", action: string, objectType: string): boolean;
  /** True when some notifier is configured for this log event. */
  wants(kind: "log", event: number): boolean;
  /** Waits until every accepted event is delivered or dropped, at most `timeoutMs` (default 30 000). */
  drain(options?: { readonly timeoutMs?: number }): Promise<DrainResult>;
}
