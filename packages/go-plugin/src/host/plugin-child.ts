import type { Logger } from "../logger.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import { onProcessExit } from "./exit-hook.ts";
import type { ExitStatus } from "./launch-options.ts";
import { PluginEnd } from "./plugin-end.ts";
import type { PluginLife } from "./plugin-end.ts";
import { readStderr } from "./plugin-stderr.ts";
import type { StderrOptions } from "./plugin-stderr.ts";
import { PluginStdout } from "./plugin-stdout.ts";
import { translateToHost, translateToPlugin } from "./runner-process.ts";
import type { RunnerProcess } from "./runner.ts";
import { removeAdvertisedSocket, removeSocketFolder } from "./socket-folder.ts";
import type { StderrExcerpt } from "./stderr-excerpt.ts";

// What a plugin wrote just before it ended is still in the pipes; a grandchild may hold them open for ever.
const DRAIN_MS = 250;

/** What is around the process. */
export interface ChildSurroundings {
  readonly startedAtMs: number;
  readonly socketFolder: string | undefined;
  readonly logger: Logger;
  readonly log: Pick<StderrOptions, "maxLineBytes" | "copyTo">;
  /** Whether it ends with the host's process. */
  readonly managed: boolean;
}

/** One plugin that was started: its pipes, its end, and what it leaves behind. */
export class PluginChild implements PluginLife {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** Says which process it is. */
  readonly logger: Logger;
  /** Settles once the process is gone, its last output was read and its sockets were removed. */
  readonly exited: Promise<ExitStatus>;
  readonly stdout: PluginStdout;
  readonly stderr: Pick<StderrExcerpt, "lines">;
  readonly #process: RunnerProcess;
  readonly #end: PluginEnd;
  readonly #surroundings: ChildSurroundings;
  readonly #givenUp = Promise.withResolvers<ExitStatus>();
  #socketPath: string | undefined;
  #exit: ExitStatus | undefined;

  constructor(process: RunnerProcess, surroundings: ChildSurroundings) {
    this.id = process.id;
    this.pid = process.pid ?? 0;
    this.startedAtMs = surroundings.startedAtMs;
    this.#process = process;
    this.#surroundings = surroundings;
    const { logger } = surroundings;
    this.logger = logger;
    this.#end = new PluginEnd(process, logger);
    this.stdout = new PluginStdout(process.stdout, logger);
    this.stderr = readStderr(process.stderr, logger, surroundings.log);
    this.exited = this.#watchExit();
  }

  /** How it ended, if it did. */
  get exitStatus(): ExitStatus | undefined {
    return this.#exit;
  }

  /** The folder for sockets of both sides, removed at the plugin's end. */
  get socketFolder(): string | undefined {
    return this.#surroundings.socketFolder;
  }

  translateToHost(address: PluginAddress): PluginAddress {
    return translateToHost(this.#process, address);
  }

  translateToPlugin(address: PluginAddress): PluginAddress {
    return translateToPlugin(this.#process, address);
  }

  /** Remembers where the plugin listens, to remove that too. */
  noteSocket(address: PluginAddress): void {
    if (address.network === "unix") this.#socketPath = address.path;
  }

  terminate(): boolean {
    return this.#end.terminate();
  }

  async kill(): Promise<ExitStatus> {
    if (this.#exit === undefined) this.#end.kill();
    const exit = await this.#end.boundedBy(this.exited);
    // A process that cannot be killed must not hold the host: what it was connected by goes as if it had ended.
    this.#givenUp.resolve(exit);
    await this.exited;
    return exit;
  }

  async #watchExit(): Promise<ExitStatus> {
    const { stdout, stderr, exited } = this.#process;
    const { logger, managed } = this.#surroundings;
    const atExit = (): void => {
      this.#end.kill();
      this.#removeSockets();
    };
    const forget = managed ? onProcessExit(atExit) : () => {};
    const closed = Promise.all([stdout, stderr].map((pipe) => new Promise((resolve) => pipe.once("close", resolve))));
    const exit = await Promise.race([settle(exited, logger), this.#givenUp.promise]);
    // What it started and left behind, too.
    this.#end.kill();
    await Promise.race([closed, delay(DRAIN_MS)]);
    stdout.destroy();
    stderr.destroy();
    this.#removeSockets();
    forget();
    this.#exit = exit;
    // No more than a trace of it: whoever launched the plugin gets `exited`, and knows whether the end was asked for.
    logger.log("debug", "plugin process exited", { ...exit });
    return exit;
  }

  #removeSockets(): void {
    const { socketFolder } = this.#surroundings;
    if (this.#socketPath !== undefined) removeAdvertisedSocket(this.#socketPath);
    if (socketFolder !== undefined) removeSocketFolder(socketFolder);
  }
}

// A runner that cannot say how its plugin ended has still said that it did.
async function settle(exited: Promise<ExitStatus>, logger: Logger): Promise<ExitStatus> {
  try {
    return await exited;
  } catch (error) {
    logger.log("warn", "the runner does not know how the plugin ended", { error: String(error) });
    return { code: null, signal: null };
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
