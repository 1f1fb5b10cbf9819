import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pluginPath } from "../../interop/bundle-plugin.ts";
import { processCpuUs } from "./process-cpu.ts";
import { anonymousMib } from "./process-memory.ts";
import type { RpcResult, RpcTask } from "./rpc-task.ts";

/** What a task took in both processes. */
export interface MeasuredTask extends RpcResult {
  /** NaN where the system does not tell. */
  readonly pluginCpuUsPerCall: number;
}

/** Anonymous memory of both processes; NaN where the system does not tell. */
export interface ProcessMemory {
  readonly hostMib: number;
  readonly pluginMib: number;
}

type HostLine = {
  readonly started?: { readonly pid: number };
  readonly result?: RpcResult;
  readonly error?: string;
};

/**
 * A host in a process of its own with one plugin, that does tasks when told: `interop/bench-host`, or `rpc-host.ts` and
 * `grpc-js-host.ts`. All speak the same lines.
 */
export class TaskHost implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #pluginPid = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts host and plugin; resolves when the plugin is up. */
  static async start(command: string, args: readonly string[]): Promise<TaskHost> {
    const child = spawn(command, args, { env: { PATH: pluginPath }, stdio: "pipe" });
    child.stderr.pipe(process.stderr);
    await once(child, "spawn");
    const host = new TaskHost(child);
    host.#pluginPid = (await host.#next("started")).pid;
    return host;
  }

  get hostPid(): number {
    return this.#child.pid ?? 0;
  }

  get pluginPid(): number {
    return this.#pluginPid;
  }

  async measure(task: RpcTask): Promise<MeasuredTask> {
    const before = processCpuUs(this.#pluginPid) ?? Number.NaN;
    this.#child.stdin.write(`${JSON.stringify(task)}\n`);
    const result = await this.#next("result");
    const after = processCpuUs(this.#pluginPid) ?? Number.NaN;
    return { ...result, pluginCpuUsPerCall: (after - before) / task.count };
  }

  memory(): ProcessMemory {
    return { hostMib: anonymousMib(this.hostPid), pluginMib: anonymousMib(this.#pluginPid) };
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
