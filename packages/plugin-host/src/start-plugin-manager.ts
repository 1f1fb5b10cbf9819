import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import type { Logger } from "@fairlead/go-plugin";
import type { Env } from "./config/env.ts";
import type { PluginConfig } from "./config/plugin-config.ts";
import { defaultDeliveryPolicy } from "./delivery/delivery-policy.ts";
import type { DeliveryPolicy } from "./delivery/delivery-policy.ts";
import { createNotifierHub } from "./delivery/notifier-hub.ts";
import { createAuthHub } from "./hubs/create-auth-hub.ts";
import { createGateHub } from "./hubs/create-gate-hub.ts";
import { createIpFilterHub } from "./hubs/create-ip-filter-hub.ts";
import { createKmsHub } from "./hubs/create-kms-hub.ts";
import { createSearchHub } from "./hubs/create-search-hub.ts";
import { JournalKeeper } from "./journal/journal-keeper.ts";
import type { JournalOptions } from "./journal/journal-options.ts";
import type { PluginManager } from "./plugin-manager.ts";
import { RunningPlugins } from "./running-plugins.ts";
import { systemClock } from "./supervisor/clock.ts";
import type { HealthPolicy } from "./supervisor/health-policy.ts";
import type { RestartPolicy } from "./supervisor/restart-policy.ts";

/** What a host needs to run the plugins of its configuration. */
export interface PluginManagerOptions {
  /** What to run, as {@link parsePluginConfigs} reads it. */
  readonly plugins: readonly PluginConfig[];
  /** The host's environment; a plugin gets what its `env_prefix` and `env_vars` name. */
  readonly env: Env;
  /** Receives what happens to plugins, and their own logs. */
  readonly logger: Logger;
  /** Receive what plugins print after their handshake. Default: the log, one line `plugin output` each. */
  readonly stdio?: { readonly stdout?: Writable; readonly stderr?: Writable };
  /** For all plugins, over what their entries say. */
  readonly restart?: Partial<RestartPolicy>;
  /** For all plugins, over what their entries say. */
  readonly health?: Partial<HealthPolicy>;
  /** Default: {@link defaultDeliveryPolicy}. */
  readonly delivery?: Partial<DeliveryPolicy>;
  /** Where events of plugins with `delivery: "journal"` are kept; without, no entry may ask for it. */
  readonly journal?: JournalOptions;
  /** Aborts the start. Later it does nothing: use `stop()`. */
  readonly signal?: AbortSignal;
}

const defaultDrainMs = 10_000;
const runIdBytes = 8;

/**
 * Starts every plugin, all at once; entries that one process can serve share it. When a required one does not start, the
 * others are stopped and the promise rejects with `ERR_PLUGIN_START_FAILED` for the first one that failed; SFTPGo leaves
 * those it had started running. One with `required: false` gets its first try, and is then tried again and again.
 */
export async function startPluginManager(options: PluginManagerOptions): Promise<PluginManager> {
  const journals = new JournalKeeper({
    journal: options.journal,
    clock: systemClock,
    defer: setImmediate,
    logger: options.logger,
  });
  const running = createRunningPlugins(options, journals);
  try {
    await startAll(running, options);
  } catch (error) {
    await journals.close();
    throw error;
  }
  const { routes } = running;
  const { logger } = options;
  const notifiers = createNotifierHub(routes.notifiers, { clock: systemClock, runId: createRunId() });
  const ipFilter = createIpFilterHub(routes.listOf("ipfilter"), { logger });
  const stop = async (drainMs: number): Promise<void> => {
    running.hurry();
    const { delivered, dropped, kept } = await notifiers.drain({ timeoutMs: drainMs });
    if (dropped > 0) logger.log("warn", "plugins stopped with events undelivered", { delivered, dropped });
    if (kept > 0) logger.log("info", "events wait in the journal for the next start", { delivered, kept });
    await running.stop();
    await journals.close();
  };
  let stopping: Promise<void> | undefined;
  const manager: PluginManager = {
    notifiers,
    auth: createAuthHub(routes.listOf("auth")),
    kms: createKmsHub(routes.listOf("kms")),
    ipFilter,
    searcher: createSearchHub(routes.listOf("eventsearcher")),
    gates: createGateHub(routes.gates, { logger }),
    status: () => running.status(),
    journal: () => journals.status,
    async reload(plugins) {
      const report = await running.reload(plugins);
      await ipFilter.reload();
      return report;
    },
    stop: ({ drainMs = defaultDrainMs } = {}) => (stopping ??= stop(drainMs)),
    [Symbol.asyncDispose]: () => manager.stop(),
  };
  return manager;
}

function createRunningPlugins(options: PluginManagerOptions, journals: JournalKeeper): RunningPlugins {
  const { env, logger, stdio, restart, health, delivery } = options;
  const clock = systemClock;
  const random = Math.random;
  return new RunningPlugins({
    process: { env, logger, clock, random, stdio, restart, health },
    notifier: { policy: { ...defaultDeliveryPolicy, ...delivery }, clock, random, defer: setImmediate },
    journals,
    logger,
  });
}

function createRunId(): string {
  return randomBytes(runIdBytes).toString("hex");
}

async function startAll(running: RunningPlugins, { plugins, signal }: PluginManagerOptions): Promise<void> {
  const abort = (): void => void running.stop();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    await running.start(plugins);
    signal?.throwIfAborted();
  } catch (error) {
    // The others may still be starting: stopping them aborts that.
    await running.stop();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
