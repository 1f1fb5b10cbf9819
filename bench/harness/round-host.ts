import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pluginPath } from "../../interop/bundle-plugin.ts";

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

type HostLine = {
  readonly started?: object;
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
    await host.#next("started");
    return host;
  }

  async measure(round: Round): Promise<RoundResult> {
    this.#child.stdin.write(`${JSON.stringify(round)}\n`);
    return await this.#next("round");
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
