import type { Logger } from "../logger.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { ExitStatus } from "./launch-options.ts";
import type { AttachedRunner } from "./runner.ts";

const REAP_MS = 5_000;

/** A plugin's process as the host sees it, whoever started it. */
export interface PluginLife {
  readonly id: string;
  /** 0 when it is no process of this machine. */
  readonly pid: number;
  /** `performance.now()` of the moment the host began to start it, or to attach to it. */
  readonly startedAtMs: number;
  readonly exited: Promise<ExitStatus>;
  /** How it ended, if it did. */
  readonly exitStatus: ExitStatus | undefined;
  /** The host uses it and never ends it: kill() is to let go of it. */
  readonly isLeftAlive?: boolean;
  translateToHost(address: PluginAddress): PluginAddress;
  translateToPlugin(address: PluginAddress): PluginAddress;
  /** Its end is near: look closely, where looking is all one can do. */
  expectEnd?(): void;
  /** Tells it to end (SIGTERM); false when it cannot be told. */
  terminate(): boolean;
  /** Ends it (SIGKILL), and what it started. Bounded: a process the system cannot kill is not waited for. */
  kill(): Promise<ExitStatus>;
}

/** The harder ways to end a plugin: what a runner offers, without its failures and within bounds. */
export class PluginEnd {
  readonly #runner: AttachedRunner;
  readonly #logger: Logger;

  constructor(runner: AttachedRunner, logger: Logger) {
    this.#runner = runner;
    this.#logger = logger;
  }

  terminate(): boolean {
    if (!("terminate" in this.#runner)) return false;
    this.#attempt("terminate", () => this.#runner.terminate?.());
    return true;
  }

  kill(): void {
    this.#attempt("kill", () => this.#runner.kill());
  }

  /** How the plugin ended; after some seconds without an end, that nobody knows. */
  async boundedBy(exited: Promise<ExitStatus>): Promise<ExitStatus> {
    const { promise, resolve } = Promise.withResolvers<ExitStatus>();
    const giveUp = (): void => {
      this.#logger.log("error", "plugin cannot be ended, giving it up", { afterMs: REAP_MS });
      resolve({ code: null, signal: null });
    };
    const timer = setTimeout(giveUp, REAP_MS);
    try {
      return await Promise.race([exited, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  // Nobody waits for a runner: it may hang as well as a plugin.
  #attempt(what: string, act: () => void | Promise<void>): void {
    const failed = (error: unknown): void =>
      this.#logger.log("warn", `the runner's ${what} failed`, { error: String(error) });
    try {
      Promise.resolve(act()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
