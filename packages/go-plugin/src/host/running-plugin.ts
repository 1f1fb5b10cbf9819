import { interceptClient } from "@fairlead/grpc";
import type { ClientInterceptor } from "@fairlead/grpc";
import type { Broker } from "../broker/broker.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import { checkAlive } from "./health.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import type { ClientOf, ExitStatus, KindMap, PluginProcess, PluginState } from "./launch-options.ts";
import type { MortalConnection } from "../transport/mortal-connection.ts";
import type { PluginLife } from "./plugin-end.ts";
import { climbStopLadder } from "./stop-ladder.ts";

const DEFAULT_PING_TIMEOUT_MS = 5_000;

export interface RunningPluginParts<K extends KindMap> {
  readonly name: string;
  readonly child: PluginLife;
  readonly connection: MortalConnection;
  /** Before the kinds' calls. */
  readonly interceptors: readonly ClientInterceptor[];
  readonly broker: Broker;
  readonly info: ReattachInfo;
  readonly kinds: K;
  readonly stopGraceMs: number;
  /** Kills the plugin. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onExit: ((exit: ExitStatus) => void) | undefined;
  /** Aborted here when the plugin is gone. */
  readonly gone: AbortController;
}

/** A launched plugin, until its end. */
export class RunningPlugin<K extends KindMap> implements PluginProcess<K> {
  readonly pid: number;
  readonly id: string;
  readonly protocolVersion: number;
  readonly reattachInfo: ReattachInfo;
  readonly startMs: number;
  readonly exited: Promise<ExitStatus>;
  readonly #parts: RunningPluginParts<K>;
  #ending: Promise<ExitStatus> | undefined;

  constructor(parts: RunningPluginParts<K>) {
    this.#parts = parts;
    this.pid = parts.child.pid;
    this.id = parts.child.id;
    this.protocolVersion = parts.info.protocolVersion;
    this.reattachInfo = parts.info;
    this.startMs = performance.now() - parts.child.startedAtMs;
    this.exited = this.#watchExit();
    void this.#watchConnection();
    parts.signal.addEventListener("abort", this.#killUnasked, { once: true });
    if (parts.signal.aborted) this.#killUnasked();
  }

  get state(): PluginState {
    const { exitStatus: exit } = this.#parts.child;
    if (exit !== undefined) return { status: "exited", exit };
    return { status: this.#ending === undefined ? "running" : "stopping" };
  }

  dispense<N extends keyof K & string>(name: N): ClientOf<K[N]> {
    const { kinds, connection, interceptors, broker, logger, gone } = this.#parts;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      throw new PluginError("ERR_UNKNOWN_PLUGIN", `unknown plugin type: ${name}`, {
        details: { plugin: this.#parts.name, kind: name, version: this.protocolVersion, known: Object.keys(kinds) },
      });
    }
    const calls = interceptClient(connection, interceptors);
    return kind.connect(calls, { logger, signal: gone.signal, broker }) as ClientOf<K[N]>;
  }

  async ping(options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {}): Promise<void> {
    const { gone, connection } = this.#parts;
    gone.signal.throwIfAborted();
    const signals = [gone.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const timeoutMs = options.timeoutMs ?? DEFAULT_PING_TIMEOUT_MS;
    await checkAlive(connection, { signal: AbortSignal.any(signals), timeoutMs });
  }

  stop(): Promise<ExitStatus> {
    this.#parts.child.expectEnd?.();
    this.#ending ??= this.#stop();
    return this.#ending;
  }

  async kill(): Promise<ExitStatus> {
    this.#parts.child.expectEnd?.();
    this.#ending ??= this.exited;
    return await this.#parts.child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #killUnasked = (): void => void this.kill();

  async #stop(): Promise<ExitStatus> {
    const { child, connection, stopGraceMs, logger } = this.#parts;
    const asked = child.isLeftAlive === true ? undefined : connection;
    const status = await climbStopLadder(child, asked, { graceMs: stopGraceMs, logger });
    await Promise.race([this.exited, child.kill()]);
    return status;
  }

  async #watchExit(): Promise<ExitStatus> {
    const { name, child, gone, signal, onExit, logger } = this.#parts;
    const exit = await child.exited;
    signal.removeEventListener("abort", this.#killUnasked);
    const error = new PluginError("ERR_PLUGIN_GONE", `plugin ${name} is gone: ${describeExit(exit)}`, {
      details: { plugin: name, pid: this.pid, ...exit },
    });
    gone.abort(error);
    const failed = (failure: unknown): void =>
      logger.log("error", "the onExit callback failed", { error: String(failure) });
    try {
      // It may be an async function, which nobody waits for.
      Promise.resolve<unknown>(onExit?.(exit)).catch(failed);
    } catch (failure) {
      failed(failure);
    }
    return exit;
  }

  // There is one connection for a plugin's life. A plugin that lost it is of no use, though it may still be cleaning up.
  async #watchConnection(): Promise<void> {
    const { connection, child, stopGraceMs, logger } = this.#parts;
    await connection.closed;
    if (this.#ending !== undefined || child.exitStatus !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, stopGraceMs, "late");
    const outcome = await Promise.race([child.exited, promise]);
    clearTimeout(timer);
    if (outcome !== "late" || this.#ending !== undefined) return;
    const message =
      child.isLeftAlive === true
        ? "plugin lost its connection, letting go of it"
        : "plugin lost its connection, ending it";
    logger.log("error", message, { reason: connection.closeReason?.message });
    this.#ending = climbStopLadder(child, undefined, { graceMs: stopGraceMs, logger });
    await this.#ending;
  }
}

/** How a process ended, in words. */
export function describeExit(exit: ExitStatus): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  return exit.code === null ? "its exit status is not known" : `exit status ${exit.code}`;
}
