import type { Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { NotifierClient } from "@fairlead/plugin-sdk/client";
import type { NotifierOptions } from "../config/plugin-config.ts";
import type { HostEvent } from "../host-event.ts";
import { createLastError } from "../last-error.ts";
import type { LastError } from "../last-error.ts";
import type { JournaledEvent, JournalStream, PluginJournal } from "../journal/journal-stream.ts";
import type { Clock } from "../supervisor/clock.ts";
import { AggregatedLog } from "./aggregated-log.ts";
import { Backlog } from "./backlog.ts";
import type { DeliveryPolicy } from "./delivery-policy.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import type { QueuedEvent, Turn } from "./delivery-queue.ts";
import { describeEvent } from "./describe-event.ts";
import { estimateEventBytes } from "./event-size.ts";
import { isFailedLogin } from "./failed-login.ts";
import { laneKey } from "./lane-key.ts";
import { computeRetryDelayMs, isRefusal, judgeFailedDelivery, judgeJournaledDelivery } from "./retry-rule.ts";
import type { DropReason } from "./retry-rule.ts";
import { sendEvent } from "./send-event.ts";

/** From this try on an event is no longer taken for one that only came at a bad time. */
const TELLING_ATTEMPTS = 5;

export interface NotifierDeliveryOptions {
  readonly notifierOptions: Pick<NotifierOptions, "retryMaxTimeS" | "retryQueueMaxSize">;
  readonly policy: DeliveryPolicy;
  /** Where events are put down until the plugin took them; `undefined`: they are in memory only. */
  readonly journal?: PluginJournal | undefined;
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
  /** How long the oldest of them has been waiting, milliseconds; `undefined` when none waits. */
  readonly oldestEventAgeMs: number | undefined;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
}

/**
 * Carries events to one notifier plugin: per-user order, bounded calls, bounded memory, and SFTPGo's two retry settings.
 *
 * The head of a user's lane is tried until the plugin takes it or it is dropped; only then the next one goes, also across
 * a crash. A plugin may see an event twice (a call that failed may have been taken), with the same id.
 *
 * Failed logins travel apart, in the order of each address: strangers must not take the place of users' events, nor delay
 * a user whose name they use.
 *
 * With a journal every event is put down first and kept until the plugin took it. A plugin that is down then costs no event
 * and no memory: what does not fit into the window stays in the journal, also when the host ends.
 */
export class NotifierDelivery {
  readonly #options: NotifierDeliveryOptions;
  readonly #users: DeliveryQueue;
  readonly #failedLogins: DeliveryQueue;
  readonly #backlogs: readonly Backlog[];
  readonly #backlogOf = new Map<DeliveryQueue, Backlog>();
  readonly #log: AggregatedLog;
  #availability: PluginAvailability = { status: "down", startFailed: false };
  #closed = false;
  #pumpDeferred = false;
  #delivered = 0;
  #failed = 0;
  readonly #drops = new Map<DropReason, number>();
  #whenIdle: (() => void)[] = [];
  #lastError: LastError | undefined;

  constructor(options: NotifierDeliveryOptions) {
    const { maxInFlight, maxQueueBytes, maxFailedLoginsInFlight, maxFailedLoginBytes } = options.policy;
    this.#options = options;
    this.#users = new DeliveryQueue({ maxInFlight, maxBytes: maxQueueBytes, fullReason: "queue-full" });
    this.#failedLogins = new DeliveryQueue({
      maxInFlight: maxFailedLoginsInFlight,
      maxBytes: maxFailedLoginBytes,
      fullReason: "failed-logins-full",
    });
    this.#log = new AggregatedLog(options.logger, options.clock);
    this.#backlogs = options.journal === undefined ? [] : this.#openBacklogs(options.journal, options.policy);
  }

  get counters(): DeliveryCounters {
    return {
      queueLength: this.#queueLength,
      queueBytes: this.#queueBytes,
      oldestEventAgeMs: this.#oldestEventAgeMs,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.#drops.values().reduce((sum, count) => sum + count, 0),
    };
  }

  /** The dropped ones by the reason. */
  get drops(): ReadonlyMap<DropReason, number> {
    return this.#drops;
  }

  /** Why the plugin last did not take an event. */
  get lastError(): LastError | undefined {
    return this.#lastError;
  }

  /** Accepts an event or drops it; sends nothing yet. */
  offer(event: HostEvent, id: string): void {
    this.#accept(event, id);
  }

  /** As {@link offer}; settles when the event is safe from a crash of the host, `undefined` when it never will be. */
  offerDurably(event: HostEvent, id: string): Promise<void> | undefined {
    const seq = this.#accept(event, id);
    return seq === undefined ? undefined : this.#streamFor(event)?.settled(seq);
  }

  /** True while operations are to be refused rather than told to the plugin without being put down. */
  get isRefusing(): boolean {
    return this.#options.journal?.isRefusing ?? false;
  }

  /** The plugin came, went, or stopped answering. */
  setAvailability(availability: PluginAvailability): void {
    this.#availability = availability;
    if (availability.status === "up") this.retryNow();
    // Events that were accepted while the plugin ran survive one quick restart even without retry_max_time.
    else if (availability.status === "down" && availability.startFailed && !this.#retries) this.#dropAll("plugin-down");
    if (this.#canStop) this.#settleIdle();
  }

  /** Tries every failed event again at once instead of at its time. */
  retryNow(): void {
    this.#users.wakeAll();
    this.#failedLogins.wakeAll();
    this.#deferPump();
  }

  /** Settles when no event is waiting or being delivered. With a journal also while the plugin cannot take any. */
  idle(): Promise<void> {
    if (this.#canStop) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /**
   * Drops what waits, or leaves it in the journal; calls that are under way may still end. Later events are dropped.
   * Idempotent.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const backlog of this.#backlogs) backlog.close();
    if (this.isJournaled) for (const queue of [this.#users, this.#failedLogins]) queue.clear();
    this.#dropAll("stopped");
    this.#log.close();
  }

  get #oldestEventAgeMs(): number | undefined {
    let oldestMs: number | undefined;
    for (const queue of [this.#users, this.#failedLogins]) {
      for (const head of queue.heads()) oldestMs = Math.max(oldestMs ?? 0, this.#ageMs(head));
    }
    return oldestMs;
  }

  /** Whether events that are not delivered are kept for the next run. */
  get isJournaled(): boolean {
    return this.#options.journal !== undefined;
  }

  #openBacklogs({ users, failedLogins }: PluginJournal, { journalWindowBytes }: DeliveryPolicy): readonly Backlog[] {
    const parts: readonly (readonly [DeliveryQueue, JournalStream, number])[] = [
      [this.#users, users, journalWindowBytes],
      [this.#failedLogins, failedLogins, journalWindowBytes / 8],
    ];
    return parts.map(([queue, stream, windowBytes]) => {
      const backlog = new Backlog({
        queue,
        stream,
        windowBytes,
        onRead: () => this.#deferPump(),
        onUnreadable: () => this.#countDrops("unreadable", 1),
        onReadFailed: (error) => this.#reportUnread(error),
        onDropped: (drop) => this.#countDrops(drop.reason, drop.count),
        schedule: (delayMs, callback) => this.#options.clock.schedule(delayMs, callback),
      });
      this.#backlogOf.set(queue, backlog);
      return backlog;
    });
  }

  /** Memory only: with a journal every event is tried again. */
  get #retries(): boolean {
    return this.isJournaled || this.#options.notifierOptions.retryMaxTimeS > 0;
  }

  get #queueLength(): number {
    if (!this.isJournaled || this.#closed) return this.#users.length + this.#failedLogins.length;
    return this.#backlogs.reduce((sum, { length }) => sum + length, 0);
  }

  get #queueBytes(): number {
    return this.#users.bytes + this.#failedLogins.bytes;
  }

  get #canStop(): boolean {
    return this.#queueLength === 0 || (this.isJournaled && this.#availability.status !== "up");
  }

  #streamFor(event: HostEvent): JournalStream | undefined {
    const { journal } = this.#options;
    return isFailedLogin(event) ? journal?.failedLogins : journal?.users;
  }

  /** What {@link JournalStream.settled} is asked with, for an event of the journal. */
  #accept(event: HostEvent, id: string): JournaledEvent | undefined {
    const queue = isFailedLogin(event) ? this.#failedLogins : this.#users;
    const stream = this.#streamFor(event);
    if (stream !== undefined && !this.#closed) return this.#putDown(event, id, queue, stream);
    const sizeBytes = estimateEventBytes(event);
    const reason = this.#refusal(queue, sizeBytes);
    if (reason !== undefined) {
      this.#reportDrop(event, reason);
      return undefined;
    }
    const waitsForRetry = this.#availability.status === "down";
    const queued = { event, id, sizeBytes, attempts: 0, waitsForRetry, seq: undefined, refusedSinceMs: undefined };
    queue.add(laneKey(event), queued);
    this.#deferPump();
    return undefined;
  }

  #putDown(event: HostEvent, id: string, queue: DeliveryQueue, stream: JournalStream): JournaledEvent | undefined {
    const { lastSeq } = stream;
    const appended = stream.append(event, id, laneKey(event));
    if (appended === undefined) {
      this.#reportDrop(event, "journal-failing");
      return undefined;
    }
    this.#backlogOf.get(queue)?.accept(appended, lastSeq);
    this.#deferPump();
    return appended;
  }

  #refusal(queue: DeliveryQueue, sizeBytes: number): DropReason | undefined {
    const { retryQueueMaxSize } = this.#options.notifierOptions;
    if (this.#closed) return "stopped";
    if (this.#availability.status === "down") {
      if (!this.#retries) return "plugin-down";
      if (retryQueueMaxSize > 0 && queue.waitingForRetry >= retryQueueMaxSize) return "retry-queue-full";
    }
    return queue.hasRoomFor(sizeBytes) ? undefined : queue.bounds.fullReason;
  }

  /** All events of a turn leave together, after the turn: publishing costs the uploading session next to nothing. */
  #deferPump(): void {
    if (this.#pumpDeferred) return;
    this.#pumpDeferred = true;
    this.#options.defer(() => {
      this.#pumpDeferred = false;
      for (const backlog of this.#backlogs) backlog.refill();
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#availability.status !== "up" || this.#closed) return;
    const { client } = this.#availability;
    while (client.connected && this.#inFlight < this.#options.policy.maxInFlight) {
      const turn = this.#users.take() ?? this.#failedLogins.take();
      if (turn === undefined) return;
      this.#send(client, turn);
    }
  }

  get #inFlight(): number {
    return this.#users.inFlight + this.#failedLogins.inFlight;
  }

  #send(client: NotifierClient, turn: Turn): void {
    const { queued } = turn;
    queued.attempts++;
    sendEvent(client, queued.event, { eventId: queued.id, timeoutMs: this.#options.policy.callTimeoutMs }).then(
      () => this.#succeeded(turn),
      (error: unknown) => this.#didNotSucceed(turn, error),
    );
  }

  #succeeded(turn: Turn): void {
    this.#delivered++;
    this.#finish(turn);
    this.#pump();
  }

  /** The host stops: what the plugin did not take stays in the journal. */
  #leave(turn: Turn): void {
    turn.queue.finish(turn);
    this.#settleIdle();
  }

  #didNotSucceed(turn: Turn, error: unknown): void {
    this.#failed++;
    this.#reportFailure(turn.queued, error);
    if (this.#closed && this.isJournaled) {
      this.#leave(turn);
      return;
    }
    const reason = this.#judge(turn, error);
    if (reason === undefined) {
      this.#retryLater(turn);
    } else {
      this.#finish(turn);
      this.#reportDrop(turn.queued.event, reason);
    }
    // Not now: when a connection ends, its calls fail before it can be known that no further one would succeed.
    this.#deferPump();
  }

  #judge({ queue, queued }: Turn, error: unknown): DropReason | undefined {
    if (this.#closed) return "stopped";
    // Only calls fail with a gRPC status; anything else failed before it was one, and would so again.
    if (!GrpcError.is(error)) return "unsendable";
    if (this.isJournaled) {
      const nowMs = this.#options.clock.monotonicMs();
      if (isRefusal(error.code)) queued.refusedSinceMs ??= nowMs;
      const refusedForMs = queued.refusedSinceMs === undefined ? 0 : nowMs - queued.refusedSinceMs;
      return judgeJournaledDelivery(this.#options.notifierOptions.retryMaxTimeS, refusedForMs);
    }
    return judgeFailedDelivery({
      ...this.#options.notifierOptions,
      ageMs: this.#ageMs(queued),
      waiting: queue.waitingForRetry - (queued.waitsForRetry ? 1 : 0),
    });
  }

  #retryLater(turn: Turn): void {
    if (turn.queued.attempts >= TELLING_ATTEMPTS) this.#reportObstacle(turn);
    const delayMs = computeRetryDelayMs(turn.queued.attempts, this.#options.random());
    turn.queue.rest(turn, (wake) =>
      this.#options.clock.schedule(delayMs, () => {
        wake();
        this.#pump();
      }),
    );
  }

  #ageMs({ event }: QueuedEvent): number {
    return this.#options.clock.wallMs() - Number(event.event.timestampNs / 1_000_000n);
  }

  #finish(turn: Turn): void {
    turn.queue.finish(turn);
    this.#backlogOf.get(turn.queue)?.finish(turn.queued);
    this.#settleIdle();
  }

  #dropAll(reason: DropReason): void {
    for (const queue of [this.#users, this.#failedLogins]) {
      for (const { event } of queue.clear()) this.#reportDrop(event, reason);
    }
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (!this.#canStop) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #reportFailure(queued: QueuedEvent, error: unknown): void {
    this.#lastError = createLastError(error, this.#options.clock.wallMs());
    this.#log.report({
      level: "warn",
      message: "plugin did not take an event",
      group: groupOf(queued.event, GrpcError.is(error) ? error.code : "none"),
      fields: {
        ...describeEvent(queued.event),
        eventId: queued.id,
        attempts: queued.attempts,
        error: this.#lastError.message,
      },
    });
  }

  // One event that a plugin never takes holds back all that follow in its lane, for as long as retry_max_time.
  #reportObstacle({ lane, queued }: Turn): void {
    this.#log.report({
      level: "warn",
      message: "an event that fails again and again holds later ones back",
      group: groupOf(queued.event, ""),
      fields: {
        ...describeEvent(queued.event),
        eventId: queued.id,
        attempts: queued.attempts,
        ageMs: this.#ageMs(queued),
        heldBack: lane.items.length - 1,
      },
    });
  }

  #reportUnread(error: unknown): void {
    this.#lastError = createLastError(error, this.#options.clock.wallMs());
    this.#log.report({
      level: "error",
      message: "event journal cannot be read",
      group: "",
      fields: { error: this.#lastError.message },
    });
  }

  /** Of events that are not at hand, and of which nothing else can be told. */
  #countDrops(reason: DropReason, count: number): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + count);
    const fields = { reason, queueLength: this.#queueLength, queueBytes: this.#queueBytes };
    this.#log.report({ level: "warn", message: "events dropped", group: reason, fields }, count);
    this.#settleIdle();
  }

  #reportDrop(event: HostEvent, reason: DropReason): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
    this.#log.report({
      level: "warn",
      message: "events dropped",
      group: groupOf(event, reason),
      fields: { reason, ...describeEvent(event), queueLength: this.#queueLength, queueBytes: this.#queueBytes },
    });
  }
}

/** Failed logins have lines of their own: a flood of them must not hide what becomes of users' events. */
function groupOf(event: HostEvent, what: string): string {
  return isFailedLogin(event) ? `${what} failed login` : what;
}
