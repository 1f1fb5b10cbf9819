import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { Writable } from "node:stream";
import type { Logger } from "@fairlead/go-plugin";
import type { Env } from "./config/env.ts";
import type { PluginConfig } from "./config/plugin-config.ts";
import { defaultDeliveryPolicy } from "./delivery/delivery-policy.ts";
import type { DeliveryPolicy } from "./delivery/delivery-policy.ts";
import { createNotifierHub } from "./delivery/notifier-hub.ts";
import { createNotifierStart } from "./launch-notifier.ts";
import { PluginHostError } from "./plugin-host-error.ts";
import type { PluginManager } from "./plugin-manager.ts";
import { SupervisedNotifier } from "./supervised-notifier.ts";
import { systemClock } from "./supervisor/clock.ts";
import { defaultHealthPolicy } from "./supervisor/health-policy.ts";
import type { HealthPolicy } from "./supervisor/health-policy.ts";
import { defaultRestartPolicy } from "./supervisor/restart-policy.ts";
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
  /** How long each start of a plugin may take, milliseconds. Default 60 000, as in SFTPGo. */
  readonly startTimeoutMs?: number;
  /** Default: {@link defaultRestartPolicy}. */
  readonly restart?: Partial<RestartPolicy>;
  /** Default: {@link defaultHealthPolicy}. */
  readonly health?: Partial<HealthPolicy>;
  /** Default: {@link defaultDeliveryPolicy}. */
  readonly delivery?: Partial<DeliveryPolicy>;
  /** Aborts the start. Later it does nothing: use `stop()`. */
  readonly signal?: AbortSignal;
}

const defaultDrainMs = 10_000;
const defaultStartTimeoutMs = 60_000;
const runIdBytes = 8;

/**
 * Starts every plugin, all at once. When one does not start, the others are stopped and the promise rejects with
 * `ERR_PLUGIN_START_FAILED` for the first one that failed; SFTPGo leaves those it had started running.
 */
export async function startPluginManager(options: PluginManagerOptions): Promise<PluginManager> {
  const notifiers = options.plugins.map((config, index) => createNotifier(config, index, options));
  await startAll(notifiers, options.signal);
  const runId = randomBytes(runIdBytes).toString("hex");
  const hub = createNotifierHub(notifiers, { clock: systemClock, runId });
  let stopping: Promise<void> | undefined;
  const stop = async (drainMs: number): Promise<void> => {
    for (const notifier of notifiers) notifier.hurry();
    const { delivered, dropped } = await hub.drain({ timeoutMs: drainMs });
    if (dropped > 0) options.logger.log("warn", "plugins stopped with events undelivered", { delivered, dropped });
    await stopAll(notifiers);
  };
  const manager: PluginManager = {
    notifiers: hub,
    status: () => notifiers.map((notifier) => notifier.status()),
    stop: ({ drainMs = defaultDrainMs } = {}) => (stopping ??= stop(drainMs)),
    [Symbol.asyncDispose]: () => manager.stop(),
  };
  return manager;
}

function createNotifier(config: PluginConfig, index: number, options: PluginManagerOptions): SupervisedNotifier {
  const entry = options.logger.child({ type: config.type, index });
  const logger = entry.child({ plugin: basename(config.cmd) });
  const { env, stdio, startTimeoutMs = defaultStartTimeoutMs } = options;
  return new SupervisedNotifier({
    index,
    config,
    start: createNotifierStart(config, { env, logger: entry, startTimeoutMs, ...(stdio !== undefined && { stdio }) }),
    restart: { ...defaultRestartPolicy, ...options.restart },
    health: { ...defaultHealthPolicy, ...options.health },
    delivery: { ...defaultDeliveryPolicy, ...options.delivery },
    clock: systemClock,
    defer: setImmediate,
    random: Math.random,
    logger,
  });
}

async function startAll(notifiers: readonly SupervisedNotifier[], signal: AbortSignal | undefined): Promise<void> {
  const abort = (): void => void stopAll(notifiers);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    await Promise.all(notifiers.map((notifier, index) => startOne(notifier, index)));
    signal?.throwIfAborted();
  } catch (error) {
    // The others may still be starting: stopping them aborts that.
    await stopAll(notifiers);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function startOne(notifier: SupervisedNotifier, index: number): Promise<void> {
  try {
    await notifier.start();
  } catch (cause) {
    const { cmd, type } = notifier.config;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginHostError(
      "ERR_PLUGIN_START_FAILED",
      `plugins[${index}] (${type} ${JSON.stringify(cmd)}): ${reason}`,
      { details: { index, cmd, type }, cause },
    );
  }
}

async function stopAll(notifiers: readonly SupervisedNotifier[]): Promise<void> {
  await Promise.all(notifiers.map((notifier) => notifier.stop()));
}
