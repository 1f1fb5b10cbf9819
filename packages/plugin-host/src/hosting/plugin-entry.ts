import { basename } from "node:path";
import type { PluginConfig, PluginType } from "../config/plugin-config.ts";
import { CallMeter } from "../hubs/call-meter.ts";
import { formatPluginLabel } from "../hubs/plugin-route.ts";
import type { PluginAvailability, PluginRoute } from "../hubs/plugin-route.ts";
import type { PluginJournal } from "../journal/journal-stream.ts";
import { laterError } from "../last-error.ts";
import type { PluginStatus } from "../plugin-status.ts";
import type { SupervisorState } from "../supervisor/supervisor-state.ts";
import type { HostedPlugin } from "./hosted-plugin.ts";
import { KeyboardLogins } from "./keyboard-logins.ts";
import type { PluginClients } from "./launch-plugin.ts";
import { NotifierWork } from "./notifier-work.ts";
import type { NotifierWorkOptions } from "./notifier-work.ts";
import type { ClientByType } from "./plugin-kinds.ts";

/** The configuration of a type. */
export type ConfigOf<Type extends PluginType> = Extract<PluginConfig, { readonly type: Type }>;

/** What a hub gets of an entry. */
export type RouteOf<Type extends PluginType> = PluginRoute<ConfigOf<Type>, ClientByType[Type]>;

/** A place in the configuration's list, and what is there. */
export interface EntrySeat {
  readonly index: number;
  readonly config: PluginConfig;
}

/**
 * An entry of the configuration at work. It outlives its process, and a reload that replaces it: what is counted, and
 * the events that wait, stay with the entry.
 */
export class PluginEntry {
  readonly calls = new CallMeter();
  /** Of a notifier. */
  readonly notifier: NotifierWork | undefined;
  /** What it has of the journal, whatever its configuration says since. */
  readonly journal: PluginJournal | undefined;
  readonly #logins: KeyboardLogins;
  #seat: EntrySeat;
  #host: HostedPlugin | undefined;

  constructor(seat: EntrySeat, options: NotifierWorkOptions) {
    this.#seat = seat;
    const { config } = seat;
    this.#logins = new KeyboardLogins(options.clock);
    this.journal = options.journal;
    this.notifier = config.type === "notifier" ? new NotifierWork(config.notifierOptions, options) : undefined;
  }

  get config(): PluginConfig {
    return this.#seat.config;
  }

  get index(): number {
    return this.#seat.index;
  }

  get label(): string {
    return formatPluginLabel(this.index, this.config);
  }

  get host(): HostedPlugin | undefined {
    return this.#host;
  }

  /** What of it needs no new process; its type stays. */
  configure(seat: EntrySeat): void {
    this.#seat = seat;
    const { config } = seat;
    if (config.type === "notifier") this.notifier?.configure(config.notifierOptions);
  }

  /** The process that serves it from now on, whatever state that is in; called by the process alone. */
  moveTo(host: HostedPlugin): void {
    if (this.#host === host) return;
    this.#host = host;
    this.follow(host.state);
  }

  /** Its process changed. */
  follow(state: SupervisorState<PluginClients>): void {
    this.notifier?.delivery.setAvailability(availabilityIn(state, "notifier", ({ byType }) => byType.notifier));
  }

  /** As the hub of its type sees it; the type is the caller's to know. */
  routeAs<Type extends PluginType>(type: Type): RouteOf<Type> {
    const clientOf = (clients: PluginClients): ClientByType[Type] =>
      type === "auth" ? (this.#logins.through(clients) as ClientByType[Type]) : clients.byType[type];
    const current = (): RouteOf<Type>["availability"] => availabilityIn(this.#host?.state, type, clientOf);
    const config = (): ConfigOf<Type> => this.config as ConfigOf<Type>;
    const label = (): string => this.label;
    return {
      get config() {
        return config();
      },
      get label() {
        return label();
      },
      get availability() {
        return current();
      },
      calls: this.calls,
    };
  }

  status(): PluginStatus {
    const { config, index, notifier } = this;
    const host = this.#host;
    const state = host?.state ?? { status: "starting" };
    const running = state.status === "running" ? state : undefined;
    const lastError = laterError(host?.lastError, notifier?.delivery.lastError);
    return {
      index,
      name: basename(config.cmd),
      kind: config.type,
      cmd: config.cmd,
      version: host?.version,
      hasGate: host?.hasGate ?? false,
      state: state.status,
      stateSinceMs: host?.stateSinceMs ?? 0,
      pid: running?.process.pid,
      sharedWith: host?.entries.map((entry) => entry.index).sort((a, b) => a - b) ?? [index],
      responsive: running?.responsive ?? false,
      restarts: host?.restarts ?? 0,
      startedAtMs: running?.sinceMs,
      ...this.calls.counters(),
      ...noDelivery,
      ...notifier?.delivery.counters,
      drops: Object.fromEntries(notifier?.delivery.drops ?? []),
      lastError: lastError?.message,
      lastErrorAtMs: lastError?.atMs,
    };
  }
}

const noDelivery = {
  queueLength: 0,
  queueBytes: 0,
  oldestEventAgeMs: undefined,
  delivered: 0,
  failed: 0,
  dropped: 0,
} as const;

function availabilityIn<Type extends PluginType>(
  state: SupervisorState<PluginClients> | undefined,
  type: Type,
  clientOf: (clients: PluginClients) => ClientByType[Type],
): PluginAvailability<ClientByType[Type]> {
  if (state?.status === "running" && state.process.client.serves.has(type)) {
    const client = clientOf(state.process.client);
    return { status: state.responsive ? "up" : "paused", client };
  }
  const startFailed = state?.status === "failed" || (state?.status === "backing-off" && state.startFailed);
  return { status: "down", startFailed };
}
