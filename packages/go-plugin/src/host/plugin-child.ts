import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import type { Logger } from "../logger.ts";
import { onProcessExit } from "./exit-hook.ts";
import type { ExitStatus } from "./launch-options.ts";
import { killGroup, OWN_GROUP } from "./process-group.ts";
import { readStderr } from "./plugin-stderr.ts";
import { PluginStdout } from "./plugin-stdout.ts";
import { removeAdvertisedSocket, removeSocketFolder } from "./socket-folder.ts";
import type { StderrExcerpt } from "./stderr-excerpt.ts";

// What a plugin wrote just before it ended is still in the pipes; a grandchild may hold them open for ever.
const DRAIN_MS = 250;
const REAP_MS = 5_000;

/** How to run the process. */
export interface ChildPlan {
  readonly file: string;
  /** What the process sees as its own name. */
  readonly argv0: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly socketFolder: string | undefined;
  readonly logger: Logger;
}

/** One plugin process: its pipes, its end, and what it leaves behind. */
export class PluginChild {
  readonly startedAtMs = performance.now();
  readonly file: string;
  /** Resolves when the program runs, rejects when the system could not start it. */
  readonly spawned: Promise<void>;
  /** Settles once the process is gone, its last output was read and its sockets were removed. */
  readonly exited: Promise<ExitStatus>;
  readonly stdout: PluginStdout;
  readonly stderr: Pick<StderrExcerpt, "lines">;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #socketFolder: string | undefined;
  #socketPath: string | undefined;
  #exit: ExitStatus | undefined;

  constructor(plan: ChildPlan) {
    this.file = plan.file;
    this.#socketFolder = plan.socketFolder;
    const child = spawn(plan.file, plan.args, {
      argv0: plan.argv0,
      cwd: plan.cwd,
      env: plan.env,
      detached: OWN_GROUP,
      // stdin: never the host's terminal.
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    this.#child = child;
    const logger = plan.logger.child({ pid: child.pid });
    this.spawned = new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    // Whoever waits for it hears of it; nobody has to.
    this.spawned.catch(() => {});
    this.stdout = new PluginStdout(child.stdout, logger);
    this.stderr = readStderr(child.stderr, logger);
    this.exited = this.#watchExit(logger);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it ended, if it did. */
  get exitStatus(): ExitStatus | undefined {
    return this.#exit;
  }

  /** Remembers where the plugin listens, to remove that too. */
  noteSocket(path: string): void {
    this.#socketPath = path;
  }

  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  /** SIGKILL for the plugin and what it started. Bounded: a process the system cannot kill is not waited for. */
  async kill(): Promise<ExitStatus> {
    if (this.#exit === undefined) killGroup(this.#child);
    return await Promise.race([this.exited, unkillable()]);
  }

  async #watchExit(logger: Logger): Promise<ExitStatus> {
    const forget = onProcessExit(() => {
      killGroup(this.#child);
      this.#removeSockets();
    });
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    const exit = await new Promise<ExitStatus>((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
      // Never started: there will be no exit.
      this.#child.once("error", () => {
        if (this.#child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    killGroup(this.#child);
    await Promise.race([closed, delay(DRAIN_MS)]);
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#removeSockets();
    forget();
    this.#exit = exit;
    // No more than a trace of it: whoever launched the plugin gets `exited`, and knows whether the end was asked for.
    if (this.#child.pid !== undefined) logger.log("debug", "plugin process exited", { ...exit });
    return exit;
  }

  #removeSockets(): void {
    if (this.#socketPath !== undefined) removeAdvertisedSocket(this.#socketPath);
    if (this.#socketFolder !== undefined) removeSocketFolder(this.#socketFolder);
  }
}

async function unkillable(): Promise<ExitStatus> {
  await delay(REAP_MS);
  return { code: null, signal: "SIGKILL" };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
