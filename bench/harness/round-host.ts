import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pluginPath } from "../../interop/bundle-plugin.ts";
import { processCpuUs } from "./process-cpu.ts";

/** A number of calls to make, so many of them in flight. */
export interface Round {
  readonly inFlight: number;
  readonly count: number;
}

/** What a round took in the host's process. */
export interface RoundResult extends Round {
  readonly callsPerSecond: number;
  readonly cpuUsPerCall: number;
}

/** What a round took in both processes. */
export interface MeasuredRound extends RoundResult {
  /** NaN where the system does not tell. */
  readonly pluginCpuUsPerCall: number;
}

type HostLine = {
  readonly started?: { readonly pid: number };
  readonly round?: RoundResult;
  readonly stopped?: object;
  readonly error?: string;
};

/**
 * A host in a process of its own with one plugin, that makes rounds of calls when told: `notifier-host -bench` of
 * interop, or our own in `notifier-host.ts`. Both speak the same lines.
 */
export class RoundHost implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #pluginPid = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts host and plugin; resolves when the plugin is up. */
  static async start(command: string, args: readonly string[]): Promise<RoundHost> {
    const child = spawn(command, args, { env: { PATH: pluginPath }, stdio: "pipe" });
    child.stderr.pipe(process.stderr);
    await once(child, "spawn");
    const host = new RoundHost(child);
    host.#pluginPid = (await host.#next("started")).pid;
    return host;
  }

  async measure(round: Round): Promise<MeasuredRound> {
    const before = processCpuUs(this.#pluginPid) ?? Number.NaN;
    this.#child.stdin.write(`${JSON.stringify(round)}\n`);
    const result = await this.#next("round");
    const after = processCpuUs(this.#pluginPid) ?? Number.NaN;
    return { ...result, pluginCpuUsPerCall: (after - before) / round.count };
  }

  /** Stops plugin and host. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    await closed;
    clearTimeout(hard);
  }

  async #next<Key extends keyof HostLine>(key: Key): Promise<NonNullable<HostLine[Key]>> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`${this.#child.spawnfile} ended before its line "${key}"`);
    const line = JSON.parse(next.value) as HostLine;
    const found = line[key];
    if (found === undefined || found === null)
      throw new Error(`${this.#child.spawnfile}: expected "${key}": ${next.value}`);
    return found;
  }
}
