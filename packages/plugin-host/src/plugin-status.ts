/** Life of a supervised plugin, as shown to administrators. */
export type PluginState = "starting" | "running" | "backing-off" | "failed" | "stopping" | "stopped";

/** One entry of the configuration at this moment. Entries that share a process show the same process. */
export interface PluginStatus {
  /** Place in the configuration's list. */
  readonly index: number;
  /** Basename of the command. */
  readonly name: string;
  /** The entry's `type`. */
  readonly kind: "notifier" | "auth" | "kms" | "ipfilter" | "eventsearcher";
  readonly cmd: string;
  /** What the plugin says its version is; `undefined` when it says nothing, as every Go plugin. */
  readonly version: string | undefined;
  /** Whether the plugin may refuse file operations, being of those that implement `fairlead.Gate`. */
  readonly hasGate: boolean;
  readonly state: PluginState;
  /** Since when it is in this state, Unix milliseconds. */
  readonly stateSinceMs: number;
  readonly pid: number | undefined;
  /** Entries that the same process serves, this one included; in the order of the configuration. */
  readonly sharedWith: readonly number[];
  /** False while the plugin runs but does not answer, and while it does not run. */
  readonly responsive: boolean;
  /** Starts after the first one, of the process that serves the entry now. */
  readonly restarts: number;
  /** When the running process started, Unix milliseconds. */
  readonly startedAtMs: number | undefined;
  /** Calls that ended, and those of them that failed. Of a notifier: each try to deliver an event. */
  readonly calls: number;
  readonly failures: number;
  /** How long recent calls took, milliseconds: half of them, and 99 of 100, no longer than this. `undefined` before the first. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Of a notifier, else 0: events accepted and not yet delivered or dropped, and the memory they are counted with. */
  readonly queueLength: number;
  readonly queueBytes: number;
  /** How long the oldest of them has been waiting, milliseconds; `undefined` when none waits. */
  readonly oldestEventAgeMs: number | undefined;
  readonly delivered: number;
  /** Deliveries the plugin did not take, each try counted. */
  readonly failed: number;
  readonly dropped: number;
  /** The dropped ones by reason, as in the log; a reason that never came is not there. */
  readonly drops: Readonly<Record<string, number>>;
  /** Why the plugin last failed: to start, to run on, to answer, or to take an event. */
  readonly lastError: string | undefined;
  /** Unix milliseconds. */
  readonly lastErrorAtMs: number | undefined;
}
