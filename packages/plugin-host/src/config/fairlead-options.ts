import type { HealthPolicy } from "../supervisor/health-policy.ts";
import type { RestartPolicy } from "../supervisor/restart-policy.ts";

/** Our own options of a `plugins` entry, under its key `fairlead`; SFTPGo ignores them. */
export interface PluginFairleadOptions {
  /** When the plugin is started again after it ended. */
  readonly restart: RestartPolicy;
  /** When the running plugin counts as hung. */
  readonly health: HealthPolicy;
  /** How long each start may take, milliseconds. Default 60 000. */
  readonly startTimeoutMs: number;
  /** Whether the server refuses to start when the plugin does not. Default true, as in SFTPGo. */
  readonly required: boolean;
  /**
   * What happens while the plugin is known not to run: `deny`, always, for auth; for ipfilter `allow`, the default, as in
   * SFTPGo, or `deny`. `undefined` for the other types.
   */
  readonly onUnavailable: "deny" | "allow" | undefined;
  /** Where a notifier's events wait. Default `memory`. */
  readonly delivery: "memory" | "journal";
  /** How its gate is asked, should it have one. */
  readonly gate: GateOptions;
  /** What the plugin may touch; `undefined`: whatever the server's own user may. */
  readonly sandbox: SandboxOptions | undefined;
}

/** How a plugin that offers `fairlead.Gate` is asked before an operation. */
export interface GateOptions {
  /** How long an answer may take, milliseconds. Default 5 000. */
  readonly timeoutMs: number;
  /** What happens to the operation when there is no answer. Default `deny`. */
  readonly onFailure: "deny" | "allow";
  /**
   * True when the entry has a `gate` key: the operator counts on a gate, so a plugin that has none, or has not started yet,
   * stands for one that does not decide.
   */
  readonly expected: boolean;
}

/** The folders and the network a plugin written in JavaScript may use, enforced by Node's permission model. */
export interface SandboxOptions {
  /** Absolute paths of folders or files it may read, beside its own file. */
  readonly read: readonly string[];
  /** Absolute paths of folders or files it may write, and read. */
  readonly write: readonly string[];
  /** Whether it may connect to anything, and listen. Default false. */
  readonly network: boolean;
}
