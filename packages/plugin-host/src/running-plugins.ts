import { basename } from "node:path";
import type { Logger } from "@fairlead/go-plugin";
import type { PluginConfig } from "./config/plugin-config.ts";
import type { HostedPlugin, HostedPluginOptions } from "./hosting/hosted-plugin.ts";
import { createLiveLogger } from "./hosting/live-logger.ts";
import type { NotifierWorkOptions } from "./hosting/notifier-work.ts";
import { PluginEntry } from "./hosting/plugin-entry.ts";
import type { EntrySeat } from "./hosting/plugin-entry.ts";
import { PluginRoutes } from "./hosting/plugin-routes.ts";
import { groupByProcess } from "./hosting/process-key.ts";
import { ProcessPool } from "./hosting/process-pool.ts";
import type { Seats } from "./hosting/process-pool.ts";
import { PluginHostError } from "./plugin-host-error.ts";
import type { PluginStatus } from "./plugin-status.ts";
import type { JournalKeeper } from "./journal/journal-keeper.ts";
import type { PluginJournal } from "./journal/journal-stream.ts";
import { planReload } from "./reload/plan-reload.ts";
import type { PlannedStart, ReloadPlan } from "./reload/plan-reload.ts";
import type { ReloadReport } from "./reload/reload-report.ts";
import { switchOver } from "./reload/switch-over.ts";
import type { StartOutcome } from "./reload/switch-over.ts";
import { waitAtMost } from "./supervisor/wait-at-most.ts";

export interface RunningPluginsOptions {
  readonly process: Omit<HostedPluginOptions, "onChange">;
  readonly notifier: Omit<NotifierWorkOptions, "logger" | "journal">;
  readonly journals: JournalKeeper;
  readonly logger: Logger;
}

/** How long a reload waits for the processes it has replaced: as long as any call may take. */
const OLD_PROCESSES_MS = 20_000;

/** How long an entry that was removed may still deliver what it accepted. */
const REMOVED_DRAIN_MS = 10_000;

/** The entries of a configuration at work. */
export class RunningPlugins {
  readonly routes = new PluginRoutes();
  readonly #options: RunningPluginsOptions;
  readonly #pool: ProcessPool;
  #entries: readonly PluginEntry[] = [];
  /** Removed, and not done yet. */
  readonly #leaving = new Set<PluginEntry>();
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: RunningPluginsOptions) {
    this.#options = options;
    this.#pool = new ProcessPool({ ...options.process, onChange: (host) => this.#changed(host) });
  }

  status(): readonly PluginStatus[] {
    return this.#entries.map((entry) => entry.status());
  }

  /** The first start, of all at once. Rejects for the first entry that fails; ending the others is up to the caller. */
  async start(configs: readonly PluginConfig[]): Promise<void> {
    const seats = toSeats(configs);
    await this.#options.journals.prepare(seats.map(({ config }) => config));
    const groups = groupByProcess(seats, () => false);
    const started = await Promise.all(groups.map((group) => this.#pool.start(group, isOptional(group))));
    const entries = new Map(seats.map((seat) => [seat, this.#createEntry(seat)]));
    for (const { host, seats: served } of started.flat()) host.serve(served.map((seat) => entries.get(seat)!));
    this.#setEntries([...entries.values()]);
  }

  /** See {@link PluginManager.reload}. */
  reload(configs: readonly PluginConfig[]): Promise<ReloadReport> {
    const reloaded = this.#reloading.then(() => this.#reload(configs));
    this.#reloading = reloaded.catch(() => {
      // Its caller has the error; the next reload begins all the same.
    });
    return reloaded;
  }

  /** Ends every wait before another try: of a restart, and of events that failed. */
  hurry(): void {
    for (const { host, notifier } of this.#entries) {
      host?.hurry();
      notifier?.delivery.retryNow();
    }
  }

  /** Drops what is still queued, then ends every process. Idempotent; never rejects. */
  async stop(): Promise<void> {
    for (const { notifier } of [...this.#entries, ...this.#leaving]) notifier?.delivery.close();
    await this.#pool.stopAll();
  }

  async #reload(configs: readonly PluginConfig[]): Promise<ReloadReport> {
    const { logger } = this.#options;
    logger.log("info", "reloading plugins", { plugins: configs.length });
    this.#pool.requireOpen();
    const seats = toSeats(configs);
    const plan = planReload(this.#entries, seats, (key) => this.#pool.isApart(key));
    await this.#options.journals.prepare(
      seats.map(({ config }) => config),
      journalsOf(plan),
    );
    const started = await Promise.all(plan.starts.map((start) => this.#tryToStart(start)));
    this.#pool.requireOpen();
    // From here to the new routes nothing waits.
    const outcomes = started.map((outcome) => this.#judgeAgain(outcome));
    const hosts = new Set(this.#entries.flatMap(({ host }) => host ?? []));
    const createEntry = (seat: EntrySeat): PluginEntry => this.#createEntry(seat);
    const { entries, report } = switchOver({ plan, seats, outcomes, hosts, createEntry });
    this.#setEntries(entries);
    this.#warnOfDelivery();
    for (const { kind: type, name: plugin, ...facts } of report.plugins) {
      const ok = facts.error === undefined;
      logger.log(ok ? "info" : "error", ok ? "plugin reloaded" : "plugin not reloaded", { type, plugin, ...facts });
    }
    await waitAtMost(this.#letGo(plan.removed, hosts), OLD_PROCESSES_MS, this.#options.process.clock);
    return report;
  }

  async #tryToStart(planned: PlannedStart): Promise<StartOutcome> {
    const { seats, before } = planned;
    // Only what is new may be taken over before it runs.
    const keepTrying = before.size === 0 && isOptional(seats);
    try {
      const started = await this.#pool.start(seats, keepTrying);
      return { planned, started };
    } catch (error) {
      return { planned, error: reasonOf(error) };
    }
  }

  /** What started first has waited for the others: it must not take over when it does not run any more. */
  #judgeAgain(outcome: StartOutcome): StartOutcome {
    if ("error" in outcome || outcome.planned.before.size === 0) return outcome;
    const { planned, started } = outcome;
    const ended = started.find(({ host }) => host.state.status !== "running");
    if (ended === undefined) return outcome;
    for (const { host } of started) void this.#pool.stop(host);
    return { planned, error: ended.host.lastError?.message ?? "it ended at once" };
  }

  /** Entries that were removed deliver what they have; processes that serve nobody any more end. */
  async #letGo(removed: readonly PluginEntry[], hosts: ReadonlySet<HostedPlugin>): Promise<void> {
    for (const entry of removed) this.#leaving.add(entry);
    const drains = new Map(removed.map((entry) => [entry, this.#drain(entry)]));
    await Promise.all(
      [...hosts].map(async (host) => {
        await Promise.all(host.entries.flatMap((entry) => drains.get(entry) ?? []));
        host.serve(host.entries.filter((entry) => !drains.has(entry)));
        if (host.entries.length === 0) await this.#pool.retire(host);
        else host.tryAgain();
      }),
    );
  }

  async #drain(entry: PluginEntry): Promise<void> {
    const { delivery } = entry.notifier ?? {};
    delivery?.retryNow();
    if (delivery !== undefined) await waitAtMost(delivery.idle(), REMOVED_DRAIN_MS, this.#options.process.clock);
    delivery?.close();
    this.#leaving.delete(entry);
  }

  #createEntry(seat: EntrySeat): PluginEntry {
    const { notifier, logger, journals } = this.#options;
    const entry: PluginEntry = new PluginEntry(seat, {
      ...notifier,
      journal: journals.journalOf(seat.config),
      logger: createLiveLogger(logger, () => ({
        type: seat.config.type,
        index: entry.index,
        plugin: basename(entry.config.cmd),
      })),
    });
    return entry;
  }

  #setEntries(entries: readonly PluginEntry[]): void {
    this.#entries = entries;
    this.#warnOfLostGates(this.routes.setEntries(entries));
  }

  /** Events that wait where an entry said they should stay there: another place counts from the next start on. */
  #warnOfDelivery(): void {
    for (const { index, config, notifier } of this.#entries) {
      const { delivery } = config.fairlead;
      if (notifier === undefined || notifier.delivery.isJournaled === (delivery === "journal")) continue;
      const facts = { index, plugin: basename(config.cmd), delivery };
      this.#options.logger.log("warn", "delivery changes with the next start of the server", facts);
    }
  }

  #changed(host: HostedPlugin): void {
    if (host.state.status !== "running") return;
    this.#pool.divide(host);
    this.#warnOfLostGates(this.routes.updateGates());
  }

  #warnOfLostGates(entries: readonly PluginEntry[]): void {
    const { logger } = this.#options;
    for (const { label: plugin, config } of entries) {
      const { expected, onFailure } = config.fairlead.gate;
      if (expected) {
        const operations = onFailure === "deny" ? "refused" : "allowed";
        logger.log("error", "plugin has no gate, though its entry counts on one", { plugin, operations });
      } else {
        logger.log("warn", "plugin has no gate any more, it is not asked before files are touched", { plugin });
      }
    }
  }
}

/** With copies: two entries may be given as one object, and are two all the same. */
function toSeats(configs: readonly PluginConfig[]): readonly EntrySeat[] {
  return configs.map((config, index) => ({ config: { ...config }, index }));
}

/** What the entries that go on, in whichever process, have of the journal. */
function journalsOf({ kept, starts }: ReloadPlan): ReadonlyMap<PluginConfig, PluginJournal> {
  const goingOn = [kept, ...starts.map(({ before }) => before)].flatMap((some) => [...some]);
  return new Map(goingOn.flatMap(([{ config }, { journal }]) => (journal === undefined ? [] : [[config, journal]])));
}

/** A process that serves one required entry is required. */
function isOptional(seats: Seats): boolean {
  return seats.every(({ config }) => !config.fairlead.required);
}

/** Without the name of the entry, which stands beside it. */
function reasonOf(error: unknown): string {
  const reason: unknown = PluginHostError.is(error, "ERR_PLUGIN_START_FAILED") ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason.message : String(reason);
}
