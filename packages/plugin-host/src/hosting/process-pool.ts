import { formatPluginLabel } from "../hubs/plugin-route.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { HostedPlugin } from "./hosted-plugin.ts";
import type { HostedPluginOptions } from "./hosted-plugin.ts";
import { LOGIN_LIFETIME_MS } from "./keyboard-logins.ts";
import type { EntrySeat } from "./plugin-entry.ts";

export type Seats = readonly [EntrySeat, ...EntrySeat[]];

/** A started process and what it is for. */
export interface StartedProcess {
  readonly host: HostedPlugin;
  readonly seats: readonly EntrySeat[];
}

/** How long what a process has begun may still take when it serves nothing any more: a person may be about to log in. */
const RETIRE_MS = LOGIN_LIFETIME_MS;

/** Every process of a host, from before its start to after its end: what is in here cannot be forgotten. */
export class ProcessPool {
  readonly #options: HostedPluginOptions;
  readonly #hosts = new Set<HostedPlugin>();
  /** Keys of plugins that turned out not to serve all their types in one process. */
  readonly #apart = new Set<string>();
  #stopped = false;

  constructor(options: HostedPluginOptions) {
    this.#options = options;
  }

  /** Whether plugins of this key get a process for each type. */
  isApart(key: string): boolean {
    return this.#apart.has(key);
  }

  /** Throws `ERR_PLUGINS_STOPPED` when everything was stopped. */
  requireOpen(): void {
    if (this.#stopped) throw new PluginHostError("ERR_PLUGINS_STOPPED", "the plugins of this host are stopped");
  }

  /** A process that is not started yet. Throws `ERR_PLUGINS_STOPPED`. */
  create(seats: Seats): HostedPlugin {
    this.requireOpen();
    const host = new HostedPlugin(seats, this.#options);
    this.#hosts.add(host);
    return host;
  }

  /**
   * Starts one process for several seats. Those that the plugin turns out not to serve get processes of their own: it may
   * be of one type only, and a Go plugin does not say what it serves. When it rejects, with `ERR_PLUGIN_START_FAILED` for
   * the first entry of the process that did not start, nothing of it is left.
   *
   * @param keepTrying whether a plugin that does not start is tried again, instead of rejecting
   */
  async start(seats: Seats, keepTrying: boolean): Promise<readonly StartedProcess[]> {
    const host = this.create(seats);
    try {
      await host.start({ keepTrying });
    } catch (error) {
      await this.stop(host);
      throw startFailed(seats[0], error);
    }
    const served = seats.filter(({ config }) => !host.unserved.includes(config.type));
    if (served.length === seats.length) return [{ host, seats }];
    this.#keepApart(host);
    const kept = served.length === 0 ? [] : [{ host, seats: served }];
    if (kept.length === 0) await this.stop(host);
    const others = seats.filter((seat) => !served.includes(seat));
    const started = await Promise.allSettled(others.map((seat) => this.start([seat], keepTrying)));
    const all = [...kept, ...started.flatMap((one) => (one.status === "fulfilled" ? one.value : []))];
    const failed = started.find((one) => one.status === "rejected");
    if (failed === undefined) return all;
    await Promise.all(all.map((one) => this.stop(one.host)));
    throw failed.reason;
  }

  /** A running process no longer serves what it is there for: gives those entries processes of their own. */
  divide(host: HostedPlugin): void {
    const { unserved } = host;
    const leaving = host.entries.filter(({ config }) => unserved.includes(config.type));
    if (leaving.length === 0 || this.#stopped) return;
    this.#keepApart(host);
    host.serve(host.entries.filter((entry) => !leaving.includes(entry)));
    for (const entry of leaving) {
      const alone = this.create([{ index: entry.index, config: entry.config }]);
      alone.serve([entry]);
      alone.start({ keepTrying: true }).catch(() => {
        // Only when it is stopped meanwhile.
      });
    }
    if (host.entries.length === 0) void this.retire(host);
  }

  #keepApart(host: HostedPlugin): void {
    this.#apart.add(host.key);
    host.logger.log("info", "plugin gets a process for each of its types", { unserved: host.unserved });
  }

  /** Lets the running calls of a process end, then stops it. Never rejects. */
  async retire(host: HostedPlugin): Promise<void> {
    await host.retire(RETIRE_MS);
    this.#hosts.delete(host);
  }

  /** Never rejects. */
  async stop(host: HostedPlugin): Promise<void> {
    await host.stop();
    this.#hosts.delete(host);
  }

  /** Ends every process; none is started any more. Never rejects. */
  async stopAll(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#hosts].map((host) => this.stop(host)));
  }
}

function startFailed({ index, config }: EntrySeat, cause: unknown): PluginHostError {
  const { cmd, type } = config;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PluginHostError("ERR_PLUGIN_START_FAILED", `${formatPluginLabel(index, config)}: ${reason}`, {
    details: { index, cmd, type },
    cause,
  });
}
