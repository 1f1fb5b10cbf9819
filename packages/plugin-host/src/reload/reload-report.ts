import type { PluginStatus } from "../plugin-status.ts";

/**
 * What a reload did to an entry:
 *
 * - `unchanged`: its process went on, and nothing of it changed
 * - `updated`: its process went on, with other options
 * - `added`: it is new and runs; or it is new, did not start, and is tried again (`required: false`)
 * - `replaced`: a new process took its work over from the old one, which ended
 * - `removed`: it is no longer in the configuration; its process ended
 * - `failed`: its new process did not start. An entry that was there goes on as it was; a new one is left out
 */
export type ReloadOutcome = "unchanged" | "updated" | "added" | "replaced" | "removed" | "failed";

/** One entry, before and after. */
export interface ReloadedPlugin {
  /** Place in the list that is in force now; of an entry that is not in it, its place in the list it was in. */
  readonly index: number;
  /** Basename of the command. */
  readonly name: string;
  readonly kind: PluginStatus["kind"];
  readonly outcome: ReloadOutcome;
  /** Why it failed, or did not start yet. */
  readonly error?: string;
}

/** What a reload did. */
export interface ReloadReport {
  /** True when every entry is as the new configuration wants it. */
  readonly ok: boolean;
  /** Entries of the new configuration in its order, then the removed ones. */
  readonly plugins: readonly ReloadedPlugin[];
}
