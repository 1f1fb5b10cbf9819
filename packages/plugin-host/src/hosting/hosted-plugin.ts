import { basename } from "node:path";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import type { LaunchOptions } from "@fairlead/go-plugin/host";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { GateClient } from "@fairlead/plugin-sdk/client";
import type { Env } from "../config/env.ts";
import type { PluginConfig, PluginType } from "../config/plugin-config.ts";
import type { PluginAvailability } from "../hubs/plugin-route.ts";
import type { LastError } from "../last-error.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { HealthPolicy } from "../supervisor/health-policy.ts";
import type { RestartPolicy } from "../supervisor/restart-policy.ts";
import type { SupervisorState } from "../supervisor/supervisor-state.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { waitAtMost } from "../supervisor/wait-at-most.ts";
import { createPluginStart } from "./launch-plugin.ts";
import type { PluginClients } from "./launch-plugin.ts";
import { createLiveLogger } from "./live-logger.ts";
import type { EntrySeat, PluginEntry } from "./plugin-entry.ts";
import type { Kinds } from "./plugin-kinds.ts";
import { processKeyOf } from "./process-key.ts";

/** Answers for a process without a gate, as that would. */
const withoutGate: GateClient = {
  connected: true,
  check: () => Promise.reject(new GrpcError("UNIMPLEMENTED", "the plugin has no gate")),
};

export interface HostedPluginOptions {
  readonly env: Env;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stdio?: LaunchOptions<Kinds>["stdio"] | undefined;
  /** Over what the entries say. */
  readonly restart?: Partial<RestartPolicy> | undefined;
  readonly health?: Partial<HealthPolicy> | undefined;
  /** It runs, ended, stopped answering or answers again, after its entries know. */
  readonly onChange: (plugin: HostedPlugin) => void;
}

/**
 * One supervised process and the entries of the configuration that it serves. It is started for the seats it is made
 * for, and gets its entries when it is to serve them: a process that takes over from another one does so when it runs.
 */
export class HostedPlugin {
  /** What it was started as. */
  readonly key: string;
  readonly types: readonly PluginType[];
  /** Names it in each line. */
  readonly logger: Logger;
  readonly #options: HostedPluginOptions;
  readonly #supervisor: Supervisor<PluginClients>;
  /** Before it has entries. */
  readonly #seats: readonly EntrySeat[];
  #entries: readonly PluginEntry[] = [];
  #status: SupervisorState<PluginClients>["status"] = "starting";
  #stateSinceMs: number;
  #clients: PluginClients | undefined;

  constructor(seats: readonly [EntrySeat, ...EntrySeat[]], options: HostedPluginOptions) {
    const { clock, random } = options;
    this.key = processKeyOf(seats[0].config);
    this.types = seats.map(({ config }) => config.type);
    this.#seats = seats;
    this.#options = options;
    this.#stateSinceMs = clock.wallMs();
    const logger = createLiveLogger(options.logger, () => this.#place());
    this.logger = createLiveLogger(options.logger, () => ({
      ...this.#place(),
      plugin: basename(this.#firstConfig.cmd),
    }));
    this.#supervisor = new Supervisor({
      start: createPluginStart({
        plan: () => ({ config: this.#firstConfig, types: this.types }),
        env: options.env,
        logger,
        stdio: options.stdio,
        onNotifierCall: (durationMs, outcome) => this.#notifier?.calls.record(durationMs, outcome),
      }),
      restart: () => ({ ...this.#firstConfig.fairlead.restart, ...options.restart }),
      health: () => ({ ...this.#firstConfig.fairlead.health, ...options.health }),
      clock,
      random,
      logger: this.logger,
      onChange: (state) => this.#changed(state),
    });
  }

  get entries(): readonly PluginEntry[] {
    return this.#entries;
  }

  get state(): SupervisorState<PluginClients> {
    return this.#supervisor.state;
  }

  get stateSinceMs(): number {
    return this.#stateSinceMs;
  }

  get restarts(): number {
    return this.#supervisor.restarts;
  }

  get lastError(): LastError | undefined {
    return this.#supervisor.lastError;
  }

  /** As its last process said. */
  get version(): string | undefined {
    const version = this.#clients?.info?.version;
    return version === "" ? undefined : version;
  }

  /** Whether its last process had a gate; `undefined` before the first one ran. */
  get hasGate(): boolean | undefined {
    return this.#clients === undefined ? undefined : this.#clients.gate !== undefined;
  }

  /** Types it was started for and, as far as known, does not serve. */
  get unserved(): readonly PluginType[] {
    const clients = this.#clients;
    return clients === undefined ? [] : this.types.filter((type) => !clients.serves.has(type));
  }

  get gateAvailability(): PluginAvailability<GateClient> {
    const { state } = this;
    if (state.status === "running") {
      return { status: state.responsive ? "up" : "paused", client: state.process.client.gate ?? withoutGate };
    }
    return { status: "down", startFailed: state.status === "failed" };
  }

  /** See {@link Supervisor.start}. */
  start(options: { readonly keepTrying: boolean }): Promise<void> {
    return this.#supervisor.start(options);
  }

  /** Serves these entries from now on, in place of those it served before; in the order of the configuration. */
  serve(entries: readonly PluginEntry[]): void {
    this.#entries = entries;
    for (const entry of entries) entry.moveTo(this);
  }

  /** Ends every wait before another start. */
  hurry(): void {
    this.#supervisor.restartNow();
  }

  /** As {@link hurry}, also when it was given up. */
  tryAgain(): void {
    this.#supervisor.tryAgain();
  }

  /** Ends the process, whatever it does. Idempotent; never rejects. */
  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  /** Lets running calls end, at most so long, then stops. For one that serves nothing any more. */
  async retire(timeoutMs: number): Promise<void> {
    const { state } = this;
    if (state.status === "running" && state.process.client.calls.count > 0) {
      const done = Promise.race([state.process.client.calls.idle(), state.process.exited]);
      await waitAtMost(done, timeoutMs, this.#options.clock);
    }
    await this.stop();
  }

  get #firstConfig(): PluginConfig {
    return (this.#entries[0] ?? this.#seats[0]!).config;
  }

  get #notifier(): PluginEntry | undefined {
    return this.#entries.find(({ config }) => config.type === "notifier");
  }

  #place(): LogFields {
    const seats = this.#entries.length > 0 ? this.#entries : this.#seats;
    return { type: seats.map(({ config }) => config.type).join("+"), index: seats[0]?.index };
  }

  #changed(state: SupervisorState<PluginClients>): void {
    if (state.status !== this.#status) this.#stateSinceMs = this.#options.clock.wallMs();
    this.#status = state.status;
    if (state.status === "running") this.#clients = state.process.client;
    for (const entry of this.#entries) entry.follow(state);
    this.#options.onChange(this);
  }
}
