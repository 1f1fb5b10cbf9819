/** Life of a supervised plugin, as shown to administrators. */
export type PluginState = "starting" | "running" | "backing-off" | "failed" | "stopping" | "stopped";

/** One plugin at this moment. */
export interface PluginStatus {
  /** Place in the configuration's list. */
  readonly index: number;
  /** Basename of the command. */
  readonly name: string;
  readonly type: "notifier";
  readonly cmd: string;
  readonly state: PluginState;
  readonly pid: number | undefined;
  /** False while the plugin runs but does not answer, and while it does not run. */
  readonly responsive: boolean;
  /** Starts after the first one. */
  readonly restarts: number;
  /** When the running process started, Unix milliseconds. */
  readonly startedAtMs: number | undefined;
  /** Events accepted and not yet delivered or dropped, and the memory they are counted with. */
  readonly queueLength: number;
  readonly queueBytes: number;
  readonly delivered: number;
  /** Deliveries the plugin did not take, each try counted. */
  readonly failed: number;
  readonly dropped: number;
  /** Why the plugin last failed: to start, to run on, to answer, or to take an event. */
  readonly lastError: string | undefined;
  /** Unix milliseconds. */
  readonly lastErrorAtMs: number | undefined;
}
