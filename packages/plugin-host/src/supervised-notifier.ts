import { basename } from "node:path";
import type { Logger } from "@fairlead/go-plugin";
import type { NotifierClient } from "@fairlead/plugin-sdk/client";
import type { PluginConfig } from "./config/plugin-config.ts";
import type { DeliveryPolicy } from "./delivery/delivery-policy.ts";
import { createEventFilter } from "./delivery/event-filter.ts";
import type { EventFilter } from "./delivery/event-filter.ts";
import { NotifierDelivery } from "./delivery/notifier-delivery.ts";
import type { PluginAvailability } from "./delivery/notifier-delivery.ts";
import { laterError } from "./last-error.ts";
import type { PluginStatus } from "./plugin-status.ts";
import type { Clock } from "./supervisor/clock.ts";
import type { HealthPolicy } from "./supervisor/health-policy.ts";
import type { RestartPolicy } from "./supervisor/restart-policy.ts";
import type { StartProcess } from "./supervisor/supervised-process.ts";
import type { SupervisorState } from "./supervisor/supervisor-state.ts";
import { Supervisor } from "./supervisor/supervisor.ts";

export interface SupervisedNotifierOptions {
  /** Place in the configuration's list. */
  readonly index: number;
  readonly config: PluginConfig;
  readonly start: StartProcess<NotifierClient>;
  readonly restart: RestartPolicy;
  readonly health: HealthPolicy;
  readonly delivery: DeliveryPolicy;
  readonly clock: Clock;
  readonly defer: (callback: () => void) => void;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A notifier entry of the configuration at work: its supervised process and the events on their way to it. */
export class SupervisedNotifier {
  readonly config: PluginConfig;
  readonly filter: EventFilter;
  readonly delivery: NotifierDelivery;
  readonly #index: number;
  #stateSinceMs: number;
  readonly #supervisor: Supervisor<NotifierClient>;

  constructor(options: SupervisedNotifierOptions) {
    const { config, start, restart, health, delivery: policy, clock, defer, random, logger } = options;
    const { notifierOptions } = config;
    const delivery = new NotifierDelivery({ notifierOptions, policy, clock, defer, random, logger });
    this.config = config;
    this.#index = options.index;
    this.#stateSinceMs = clock.wallMs();
    this.filter = createEventFilter(notifierOptions);
    this.delivery = delivery;
    this.#supervisor = new Supervisor({
      start,
      restart,
      health,
      clock,
      random,
      logger,
      onChange: (state) => {
        this.#stateSinceMs = clock.wallMs();
        delivery.setAvailability(availabilityIn(state));
      },
    });
  }

  start(): Promise<void> {
    return this.#supervisor.start();
  }

  /** Ends every wait before another try: of a restart, and of events that failed. */
  hurry(): void {
    this.#supervisor.restartNow();
    this.delivery.retryNow();
  }

  /** Drops what is still queued, then ends the process. Idempotent; never rejects. */
  async stop(): Promise<void> {
    this.delivery.close();
    await this.#supervisor.stop();
  }

  status(): PluginStatus {
    const { state, restarts } = this.#supervisor;
    const lastError = laterError(this.#supervisor.lastError, this.delivery.lastError);
    const running = state.status === "running" ? state : undefined;
    const { delivered, failed } = this.delivery.counters;
    return {
      index: this.#index,
      name: basename(this.config.cmd),
      kind: this.config.type,
      cmd: this.config.cmd,
      version: undefined,
      hasGate: false,
      state: state.status,
      stateSinceMs: this.#stateSinceMs,
      sharedWith: [this.#index],
      pid: running?.process.pid,
      responsive: running?.responsive ?? false,
      restarts,
      startedAtMs: running?.sinceMs,
      calls: delivered + failed,
      failures: failed,
      p50Ms: undefined,
      p99Ms: undefined,
      oldestEventAgeMs: undefined,
      ...this.delivery.counters,
      lastError: lastError?.message,
      lastErrorAtMs: lastError?.atMs,
    };
  }
}

function availabilityIn(state: SupervisorState<NotifierClient>): PluginAvailability {
  if (state.status === "running") {
    return state.responsive ? { status: "up", client: state.process.client } : { status: "paused" };
  }
  const startFailed = state.status === "failed" || (state.status === "backing-off" && state.startFailed);
  return { status: "down", startFailed };
}
