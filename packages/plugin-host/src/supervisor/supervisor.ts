import type { ExitStatus } from "@fairlead/go-plugin/host";
import type { Logger } from "@fairlead/go-plugin";
import { createLastError } from "../last-error.ts";
import type { LastError } from "../last-error.ts";
import type { Clock } from "./clock.ts";
import { watchHealth } from "./health-watch.ts";
import type { HealthPolicy } from "./health-policy.ts";
import { computeRestartDelayMs } from "./restart-policy.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import type { StartProcess, SupervisedProcess } from "./supervised-process.ts";
import type { SupervisorState } from "./supervisor-state.ts";

export interface SupervisorOptions<Client> {
  readonly start: StartProcess<Client>;
  /** Asked anew whenever one is needed: a reload may change them while the plugin runs. */
  readonly restart: () => RestartPolicy;
  readonly health: () => HealthPolicy;
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Called on every change, after it happened. */
  readonly onChange: (state: SupervisorState<Client>) => void;
}

/** How often the log repeats that a plugin was given up. */
const REMINDER_MS = 600_000;

/**
 * Keeps one plugin running: starts it, watches it, and starts it again when it ends or hangs. Knows nothing of what the
 * plugin is for.
 */
export class Supervisor<Client> {
  readonly #options: SupervisorOptions<Client>;
  readonly #stopping = new AbortController();
  #state: SupervisorState<Client> = { status: "starting" };
  /** Ends what the current state started: a timer, or the health watch. */
  #leaveState: () => void = () => {};
  #starting: Promise<SupervisedProcess<Client>> | undefined;
  #stopped: Promise<void> | undefined;
  /** The process that was killed because it hung. */
  #killed: SupervisedProcess<Client> | undefined;
  #failures = 0;
  #restarts = 0;
  #lastError: LastError | undefined;

  constructor(options: SupervisorOptions<Client>) {
    this.#options = options;
  }

  get state(): SupervisorState<Client> {
    return this.#state;
  }

  /** Starts after the first one. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Why the plugin last ended, hung or failed to start. */
  get lastError(): LastError | undefined {
    return this.#lastError;
  }

  /**
   * The first start. Rejects when it fails: nothing is tried again, and nothing is left running. With `keepTrying` it
   * resolves all the same, and a plugin that did not start is started again as one that ended.
   */
  async start({ keepTrying = false }: { readonly keepTrying?: boolean } = {}): Promise<void> {
    try {
      this.#enterRunning(await this.#launch());
    } catch (error) {
      const { message } = this.#noteError(error);
      if (keepTrying && this.#state.status === "starting") {
        this.#options.logger.log("error", "plugin did not start", { error: message });
        this.#backOff(true);
        return;
      }
      if (this.#state.status === "starting") this.#enter({ status: "failed" });
      throw error;
    }
  }

  /** A plugin that waits to be started again is started now. */
  restartNow(): void {
    if (this.#state.status !== "backing-off") return;
    this.#leaveState();
    void this.#restart();
  }

  /** As {@link restartNow}, and a plugin that was given up gets as many tries as at first. */
  tryAgain(): void {
    if (this.#state.status === "failed") {
      this.#failures = 0;
      void this.#restart();
    } else {
      this.restartNow();
    }
  }

  /** Ends the plugin and its supervision, whatever state it is in. Idempotent; never rejects. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const before = this.#state;
    this.#enter({ status: "stopping" });
    this.#stopping.abort();
    const process =
      before.status === "running" ? before.process : await this.#starting?.catch(() => undefined /* nothing runs */);
    // What does not answer cannot end politely.
    const hangs = before.status === "running" && !before.responsive;
    const exit = await (hangs ? process?.kill() : process?.stop());
    this.#enter({ status: "stopped" });
    if (exit !== undefined) this.#options.logger.log("info", "plugin stopped", { pid: process?.pid, ...exit });
  }

  async #launch(): Promise<SupervisedProcess<Client>> {
    this.#starting = this.#options.start(this.#stopping.signal);
    try {
      return await this.#starting;
    } finally {
      // Once stop() has begun it is the one that waits for this start.
      if (!this.#stopping.signal.aborted) this.#starting = undefined;
    }
  }

  #enter(state: SupervisorState<Client>): void {
    this.#leaveState();
    this.#leaveState = () => {};
    this.#state = state;
    this.#options.onChange(state);
  }

  #enterRunning(process: SupervisedProcess<Client>): void {
    const { clock, logger, health } = this.#options;
    // Stopped meanwhile: stop() ends this process.
    if (this.#stopping.signal.aborted) return;
    const startedAt = clock.monotonicMs();
    const running = { status: "running", process, sinceMs: clock.wallMs() } as const;
    this.#enter({ ...running, responsive: true });
    logger.log("info", "plugin started", {
      pid: process.pid,
      startMs: Math.round(process.startMs),
      restarts: this.#restarts,
    });
    const watch = watchHealth(process, {
      policy: health,
      clock,
      logger,
      onChange: (responsive) => {
        this.#state = { ...running, responsive };
        this.#options.onChange(this.#state);
      },
      onHung: (error) => this.#kill(process, error),
    });
    this.#leaveState = () => watch.stop();
    void process.exited.then((exit) => this.#exited(process, exit, clock.monotonicMs() - startedAt));
  }

  #kill(process: SupervisedProcess<Client>, error: unknown): void {
    this.#killed = process;
    const { message } = this.#noteError(error, "hung: ");
    this.#options.logger.log("error", "plugin hangs and is killed", { pid: process.pid, error: message });
    void process.kill();
  }

  #exited(process: SupervisedProcess<Client>, exit: ExitStatus, uptimeMs: number): void {
    if (this.#state.status !== "running" || this.#state.process !== process) return;
    this.#options.logger.log("error", "plugin exited", { pid: process.pid, ...exit, uptimeMs: Math.round(uptimeMs) });
    if (this.#killed !== process) this.#noteError(formatExit(exit), "exited: ");
    if (uptimeMs >= this.#options.restart().stableAfterMs) this.#failures = 0;
    this.#backOff(false);
  }

  #backOff(startFailed: boolean): void {
    const { random, clock, logger } = this.#options;
    const restart = this.#options.restart();
    this.#failures++;
    if (this.#failures > restart.maxFailures) {
      this.#enter({ status: "failed" });
      this.#remindOfFailure();
      return;
    }
    const delayMs = computeRestartDelayMs(restart, this.#failures, random());
    this.#enter({ status: "backing-off", untilMs: clock.wallMs() + delayMs, failures: this.#failures, startFailed });
    this.#leaveState = clock.schedule(delayMs, () => void this.#restart());
    logger.log("warn", "plugin restart scheduled", { delayMs, failures: this.#failures });
  }

  /** Says so now and every ten minutes: the server works on without it, and one line is soon out of sight. */
  #remindOfFailure(): void {
    const { clock, logger } = this.#options;
    logger.log("error", "plugin given up, repair it and reload", {
      failures: this.#failures,
      lastError: this.#lastError?.message,
    });
    this.#leaveState = clock.schedule(REMINDER_MS, () => this.#remindOfFailure());
  }

  async #restart(): Promise<void> {
    this.#restarts++;
    this.#enter({ status: "starting" });
    try {
      this.#enterRunning(await this.#launch());
    } catch (error) {
      if (this.#state.status !== "starting") return;
      const { message } = this.#noteError(error);
      this.#options.logger.log("error", "plugin restart failed", { error: message });
      this.#backOff(true);
    }
  }

  #noteError(error: unknown, prefix = ""): LastError {
    const { message, atMs } = createLastError(error, this.#options.clock.wallMs());
    return (this.#lastError = { message: `${prefix}${message}`, atMs });
  }
}

function formatExit({ code, signal }: ExitStatus): string {
  return signal === null ? `code ${code}` : `signal ${signal}`;
}
