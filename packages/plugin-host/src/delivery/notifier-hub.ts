import type { Clock } from "../supervisor/clock.ts";
import type { HostEvent } from "../host-event.ts";
import type { EventFilter } from "./event-filter.ts";
import type { NotifierDelivery } from "./notifier-delivery.ts";

/** What a bounded drain achieved. */
export interface DrainResult {
  /** Events delivered while draining, over all notifiers. */
  readonly delivered: number;
  /** Events given up while draining, or still undelivered when its time was over. */
  readonly dropped: number;
  /** Events that wait in the journal, for when the host runs again. */
  readonly kept: number;
}

/** The server's one door to all its notifier plugins. */
export interface NotifierHub {
  /** Hands an event over. Costs a few comparisons and a push; never throws, never waits. */
  publish(event: HostEvent): void;
  /**
   * As {@link publish}. Settles once every plugin with `delivery: "journal"` that wants the event has it on disk or has
   * taken it; `undefined` when there is nothing to wait for. Rejects with `ERR_JOURNAL` when the journal cannot be
   * written and its failure policy is `refuse`: the event is queued in memory all the same.
   */
  publishDurably(event: HostEvent): Promise<void> | undefined;
  /** True while an operation with this file action is to be refused, because its event could not be put down. */
  isRefusing(action: string): boolean;
  /** True when some notifier is configured for this file action. */
  wants(kind: "fs", action: string): boolean;
  /** True when some notifier is configured for this action on this object type. */
  wants(kind: "provider", action: string, objectType: string): boolean;
  /** True when some notifier is configured for this log event. */
  wants(kind: "log", event: number): boolean;
  /** Waits until every accepted event is delivered or dropped, at most `timeoutMs` (default 30 000). What is in the journal is waited for only
   * while the plugin can take it. */
  drain(options?: { readonly timeoutMs?: number }): Promise<DrainResult>;
}

/** One notifier, as the hub sees it. */
export interface NotifierRoute {
  readonly filter: EventFilter;
  readonly delivery: NotifierDelivery;
}

const defaultDrainMs = 30_000;

/**
 * @param routes may still grow until the first event
 * @param runId makes event ids differ between two runs of the host; printable ASCII
 */
export function createNotifierHub(routes: readonly NotifierRoute[], { clock, runId }: HubOptions): NotifierHub {
  let sequence = 0;
  return {
    publish(event) {
      let id: string | undefined;
      for (const { filter, delivery } of routes) {
        if (filter.wants(event)) delivery.offer(event, (id ??= formatEventId(runId, sequence++)));
      }
    },
    publishDurably(event) {
      let id: string | undefined;
      const holds: Promise<void>[] = [];
      for (const { filter, delivery } of routes) {
        if (!filter.wants(event)) continue;
        const hold = delivery.offerDurably(event, (id ??= formatEventId(runId, sequence++)));
        if (hold !== undefined) holds.push(hold);
      }
      return holds.length > 1 ? settleAll(holds) : holds[0];
    },
    isRefusing: (action) => routes.some(({ filter, delivery }) => delivery.isRefusing && filter.wantsFs(action)),
    wants(kind: HostEvent["kind"], what: string | number, objectType?: string): boolean {
      return routes.some(({ filter }) => {
        if (kind === "fs") return filter.wantsFs(String(what));
        if (kind === "log") return filter.wantsLog(Number(what));
        return filter.wantsProvider(String(what), objectType ?? "");
      });
    },
    drain: ({ timeoutMs = defaultDrainMs } = {}) => drain(routes, clock, timeoutMs),
  };
}

async function settleAll(holds: readonly Promise<void>[]): Promise<void> {
  await Promise.all(holds);
}

export interface HubOptions {
  readonly clock: Clock;
  readonly runId: string;
}

/** The run of the host and the event's sequence number in it. */
function formatEventId(runId: string, sequence: number): string {
  return `${runId}-${sequence}`;
}

async function drain(routes: readonly NotifierRoute[], clock: Clock, timeoutMs: number): Promise<DrainResult> {
  const before = sum(routes);
  for (const { delivery } of routes) delivery.retryNow();
  await settleWithin(Promise.all(routes.map(({ delivery }) => delivery.idle())), clock, timeoutMs);
  const after = sum(routes);
  return {
    delivered: after.delivered - before.delivered,
    dropped: after.dropped - before.dropped + after.left,
    kept: after.kept,
  };
}

function sum(routes: readonly NotifierRoute[]): { delivered: number; dropped: number; left: number; kept: number } {
  const total = { delivered: 0, dropped: 0, left: 0, kept: 0 };
  for (const { delivery } of routes) {
    const { delivered, dropped, queueLength } = delivery.counters;
    total.delivered += delivered;
    total.dropped += dropped;
    total[delivery.isJournaled ? "kept" : "left"] += queueLength;
  }
  return total;
}

async function settleWithin(work: Promise<unknown>, clock: Clock, timeoutMs: number): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const cancel = clock.schedule(timeoutMs, resolve);
  await Promise.race([work, timeout]);
  cancel();
}
