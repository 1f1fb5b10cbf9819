import type { Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { NotifierClient } from "@fairlead/plugin-sdk/client";
import type { NotifierOptions } from "../config/plugin-config.ts";
import type { HostEvent } from "../host-event.ts";
import { createLastError } from "../last-error.ts";
import type { LastError } from "../last-error.ts";
import type { Clock } from "../supervisor/clock.ts";
import { AggregatedLog } from "./aggregated-log.ts";
import type { DeliveryPolicy } from "./delivery-policy.ts";
import { EventLanes } from "./event-lanes.ts";
import type { Lane } from "./event-lanes.ts";
import { estimateEventBytes } from "./event-size.ts";
import { computeRetryDelayMs, judgeFailedDelivery } from "./retry-rule.ts";
import type { DropReason } from "./retry-rule.ts";
import { sendEvent } from "./send-event.ts";

export interface NotifierDeliveryOptions {
  readonly notifierOptions: Pick<NotifierOptions, "retryMaxTimeS" | "retryQueueMaxSize">;
  readonly policy: DeliveryPolicy;
  readonly clock: Clock;
  /** Runs a callback once the current turn of the event loop is over. */
  readonly defer: (callback: () => void) => void;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Whether the plugin can take events now. */
export type PluginAvailability =
  | { readonly status: "up"; readonly client: NotifierClient }
  /** It runs but does not answer: nothing is sent, everything waits. */
  | { readonly status: "paused" }
  /** It is being started again, or given up. */
  | { readonly status: "down"; readonly startFailed: boolean };

/** Events of one plugin, by what became of them. */
export interface DeliveryCounters {
  readonly queueLength: number;
  readonly queueBytes: number;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
}

interface QueuedEvent {
  readonly event: HostEvent;
  readonly id: string;
  readonly sizeBytes: number;
  attempts: number;
  /** Counts towards `retry_queue_max_size`: it failed, or came while the plugin was down. */
  waitsForRetry: boolean;
}

/**
 * Carries events to one notifier plugin: per-user order, bounded calls, bounded memory, and SFTPGo's two retry settings.
 *
 * The head of a user's lane is tried until the plugin takes it or it is dropped; only then the next one goes, also across
 * a crash. A plugin may see an event twice (a call that failed may have been taken), with the same id.
 */
export class NotifierDelivery {
  readonly #options: NotifierDeliveryOptions;
  readonly #lanes = new EventLanes<QueuedEvent>();
  readonly #log: AggregatedLog;
  readonly #cancelRetries = new Map<Lane<QueuedEvent>, () => void>();
  #availability: PluginAvailability = { status: "down", startFailed: false };
  #closed = false;
  #pumpDeferred = false;
  #inFlight = 0;
  #waitingForRetry = 0;
  #queueBytes = 0;
  #delivered = 0;
  #failed = 0;
  #dropped = 0;
  #whenIdle: (() => void)[] = [];
  #lastError: LastError | undefined;

  constructor(options: NotifierDeliveryOptions) {
    this.#options = options;
    this.#log = new AggregatedLog(options.logger, options.clock);
  }

  get counters(): DeliveryCounters {
    return {
      queueLength: this.#lanes.length,
      queueBytes: this.#queueBytes,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.#dropped,
    };
  }

  /** Why the plugin last did not take an event. */
  get lastError(): LastError | undefined {
    return this.#lastError;
  }

  /** Accepts an event or drops it; sends nothing yet. */
  offer(event: HostEvent, id: string): void {
    const sizeBytes = estimateEventBytes(event);
    const reason = this.#refusal(sizeBytes);
    if (reason !== undefined) {
      this.#reportDrop(event, reason);
      return;
    }
    const waitsForRetry = this.#availability.status === "down";
    if (waitsForRetry) this.#waitingForRetry++;
    this.#queueBytes += sizeBytes;
    this.#lanes.push(event.event.username, { event, id, sizeBytes, attempts: 0, waitsForRetry });
    this.#deferPump();
  }

  /** The plugin came, went, or stopped answering. */
  setAvailability(availability: PluginAvailability): void {
    this.#availability = availability;
    if (availability.status === "up") this.retryNow();
    // Events that were accepted while the plugin ran survive one quick restart even without retry_max_time.
    else if (availability.status === "down" && availability.startFailed && !this.#retries) this.#dropAll("plugin-down");
  }

  /** Tries every failed event again at once instead of at its time. */
  retryNow(): void {
    this.#cancelTimers();
    this.#lanes.wakeAll();
    this.#deferPump();
  }

  /** Settles when no event is waiting or being delivered. */
  idle(): Promise<void> {
    if (this.#lanes.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Drops what waits; calls that are under way may still end. Later events are dropped. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropAll("stopped");
    this.#log.close();
  }

  get #retries(): boolean {
    return this.#options.notifierOptions.retryMaxTimeS > 0;
  }

  #refusal(sizeBytes: number): DropReason | undefined {
    const { retryQueueMaxSize } = this.#options.notifierOptions;
    if (this.#closed) return "stopped";
    if (this.#availability.status === "down") {
      if (!this.#retries) return "plugin-down";
      if (retryQueueMaxSize > 0 && this.#waitingForRetry >= retryQueueMaxSize) return "retry-queue-full";
    }
    return this.#queueBytes + sizeBytes > this.#options.policy.maxQueueBytes ? "queue-full" : undefined;
  }

  /** All events of a turn leave together, after the turn: publishing costs the uploading session next to nothing. */
  #deferPump(): void {
    if (this.#pumpDeferred) return;
    this.#pumpDeferred = true;
    this.#options.defer(() => {
      this.#pumpDeferred = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#availability.status !== "up") return;
    const { client } = this.#availability;
    while (client.connected && this.#inFlight < this.#options.policy.maxInFlight) {
      const lane = this.#lanes.take();
      const queued = lane?.items.head;
      if (lane === undefined || queued === undefined) return;
      this.#send(client, lane, queued);
    }
  }

  #send(client: NotifierClient, lane: Lane<QueuedEvent>, queued: QueuedEvent): void {
    this.#inFlight++;
    queued.attempts++;
    sendEvent(client, queued.event, { eventId: queued.id, timeoutMs: this.#options.policy.callTimeoutMs }).then(
      () => this.#succeeded(lane, queued),
      (error: unknown) => this.#didNotSucceed(lane, queued, error),
    );
  }

  #succeeded(lane: Lane<QueuedEvent>, queued: QueuedEvent): void {
    this.#inFlight--;
    this.#delivered++;
    this.#finish(lane, queued);
    this.#pump();
  }

  #didNotSucceed(lane: Lane<QueuedEvent>, queued: QueuedEvent, error: unknown): void {
    this.#inFlight--;
    this.#failed++;
    this.#reportFailure(queued, error);
    const reason = this.#judge(queued, error);
    if (reason === undefined) {
      this.#retryLater(lane, queued);
    } else {
      this.#finish(lane, queued);
      this.#reportDrop(queued.event, reason);
    }
    // Not now: when a connection ends, its calls fail before it can be known that no further one would succeed.
    this.#deferPump();
  }

  #judge(queued: QueuedEvent, error: unknown): DropReason | undefined {
    if (this.#closed) return "stopped";
    // Only calls fail with a gRPC status; anything else failed before it was one, and would so again.
    if (!GrpcError.is(error)) return "unsendable";
    return judgeFailedDelivery({
      ...this.#options.notifierOptions,
      ageMs: this.#options.clock.wallMs() - Number(queued.event.event.timestampNs / 1_000_000n),
      waiting: this.#waitingForRetry - (queued.waitsForRetry ? 1 : 0),
    });
  }

  #retryLater(lane: Lane<QueuedEvent>, queued: QueuedEvent): void {
    if (!queued.waitsForRetry) this.#waitingForRetry++;
    queued.waitsForRetry = true;
    this.#lanes.rest(lane);
    const delayMs = computeRetryDelayMs(queued.attempts, this.#options.random());
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#cancelRetries.delete(lane);
      this.#lanes.wake(lane);
      this.#pump();
    });
    this.#cancelRetries.set(lane, cancel);
  }

  #finish(lane: Lane<QueuedEvent>, queued: QueuedEvent): void {
    this.#lanes.advance(lane);
    this.#forget(queued);
    this.#settleIdle();
  }

  #forget(queued: QueuedEvent): void {
    this.#queueBytes -= queued.sizeBytes;
    if (queued.waitsForRetry) this.#waitingForRetry--;
  }

  #dropAll(reason: DropReason): void {
    this.#cancelTimers();
    for (const queued of this.#lanes.clear()) {
      this.#forget(queued);
      this.#reportDrop(queued.event, reason);
    }
    this.#settleIdle();
  }

  #cancelTimers(): void {
    for (const cancel of this.#cancelRetries.values()) cancel();
    this.#cancelRetries.clear();
  }

  #settleIdle(): void {
    if (this.#lanes.length > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #reportFailure(queued: QueuedEvent, error: unknown): void {
    this.#lastError = createLastError(error, this.#options.clock.wallMs());
    const group = GrpcError.is(error) ? error.code : "none";
    this.#log.report({
      level: "warn",
      message: "plugin did not take an event",
      group,
      fields: {
        ...describeEvent(queued.event),
        eventId: queued.id,
        attempts: queued.attempts,
        error: this.#lastError.message,
      },
    });
  }

  #reportDrop(event: HostEvent, reason: DropReason): void {
    this.#dropped++;
    this.#log.report({
      level: "warn",
      message: "events dropped",
      group: reason,
      fields: { reason, ...describeEvent(event), queueLength: this.#lanes.length, queueBytes: this.#queueBytes },
    });
  }
}

function describeEvent(event: HostEvent): { readonly kind: string; readonly action: string } {
  return { kind: event.kind, action: event.kind === "log" ? String(event.event.event) : event.event.action };
}
