import type { Logger } from "../logger.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { AttachedProcess } from "./attached-process.ts";
import type { ExitStatus } from "./launch-options.ts";
import { PluginEnd } from "./plugin-end.ts";
import type { PluginLife } from "./plugin-end.ts";
import { removeAbandonedSocket } from "./socket-folder.ts";
import { translateToHost, translateToPlugin } from "./runner-process.ts";
import type { AttachedRunner } from "./runner.ts";

/** A plugin that ran before this host came; a runner of the caller's own may not know the parts of AttachedProcess. */
export type AnyAttachedRunner = AttachedRunner & Partial<Pick<AttachedProcess, "expectEnd" | "release">>;

const letGo: ExitStatus = { code: null, signal: null };

/** A plugin that the host attached to. One in test mode is never told to end: it is let go of. */
export class AttachedPlugin implements PluginLife {
  readonly id: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly isLeftAlive: boolean;
  readonly exited: Promise<ExitStatus>;
  readonly #runner: AnyAttachedRunner;
  readonly #end: PluginEnd;
  readonly #socketPath: string | undefined;
  readonly #letGo = Promise.withResolvers<ExitStatus>();
  #exit: ExitStatus | undefined;

  constructor(
    runner: AnyAttachedRunner,
    options: {
      readonly address: PluginAddress;
      readonly isTest: boolean;
      readonly startedAtMs: number;
      readonly logger: Logger;
    },
  ) {
    this.id = runner.id;
    this.pid = runner.pid ?? 0;
    this.startedAtMs = options.startedAtMs;
    this.#runner = runner;
    this.isLeftAlive = options.isTest;
    this.#socketPath = options.address.network === "unix" ? options.address.path : undefined;
    this.#end = new PluginEnd(runner, options.logger);
    this.exited = this.#watchExit(options.logger);
  }

  get exitStatus(): ExitStatus | undefined {
    return this.#exit;
  }

  translateToHost(address: PluginAddress): PluginAddress {
    return translateToHost(this.#runner, address);
  }

  translateToPlugin(address: PluginAddress): PluginAddress {
    return translateToPlugin(this.#runner, address);
  }

  expectEnd(): void {
    this.#runner.expectEnd?.();
  }

  terminate(): boolean {
    return this.isLeftAlive ? false : this.#end.terminate();
  }

  async kill(): Promise<ExitStatus> {
    if (this.isLeftAlive) this.letGo();
    else if (this.#exit === undefined) this.#end.kill();
    const exit = await this.#end.boundedBy(this.exited);
    // Whatever cannot be ended must not hold the host.
    this.letGo();
    return exit;
  }

  /** The plugin may live: it is of no more interest. */
  letGo(): void {
    this.#letGo.resolve(letGo);
  }

  async #watchExit(logger: Logger): Promise<ExitStatus> {
    const unknown: ExitStatus = { code: null, signal: null };
    const ended = this.#runner.exited.catch(() => unknown);
    const exit = await Promise.race([ended, this.#letGo.promise]);
    this.#runner.release?.();
    this.#exit = exit;
    if (!this.isLeftAlive && exit !== letGo && this.#socketPath !== undefined) removeAbandonedSocket(this.#socketPath);
    logger.log("debug", "reattached plugin process exited or let go of", { ...exit });
    return exit;
  }
}
