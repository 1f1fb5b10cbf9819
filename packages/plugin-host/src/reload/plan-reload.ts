import type { EntrySeat, PluginEntry } from "../hosting/plugin-entry.ts";
import { groupByProcess, processKeyOf } from "../hosting/process-key.ts";
import { matchEntries } from "./match-entries.ts";

/** Seats that one new process is to serve, with the entries whose work it takes over. */
export interface PlannedStart {
  readonly seats: readonly [EntrySeat, ...EntrySeat[]];
  readonly before: ReadonlyMap<EntrySeat, PluginEntry>;
}

/** How to get from the running entries to another configuration. */
export interface ReloadPlan {
  /** Entries whose process goes on, by their new seats. */
  readonly kept: ReadonlyMap<EntrySeat, PluginEntry>;
  readonly starts: readonly PlannedStart[];
  readonly removed: readonly PluginEntry[];
}

/**
 * Decides which processes go on and which are started. Where an entry is added that a running process could serve beside
 * others, had it been started so, all of them get a new process together: a reload ends where a start would.
 *
 * @param isApart whether plugins of this key are known to serve no more than one type in a process
 */
export function planReload(
  entries: readonly PluginEntry[],
  seats: readonly EntrySeat[],
  isApart: (key: string) => boolean,
): ReloadPlan {
  const before = matchEntries(entries, seats);
  const kept = new Map<EntrySeat, PluginEntry>();
  const starts: PlannedStart[] = [];
  for (const group of groupByProcess(seats, isApart)) {
    const goOn = group.every((seat) => {
      const entry = before.get(seat);
      return entry !== undefined && processKeyOf(entry.config) === processKeyOf(seat.config);
    });
    if (!goOn) starts.push({ seats: group, before: selectOf(before, group) });
    else for (const [seat, entry] of selectOf(before, group)) kept.set(seat, entry);
  }
  const matched = new Set(before.values());
  return { kept, starts, removed: entries.filter((entry) => !matched.has(entry)) };
}

function selectOf<Key, Value>(map: ReadonlyMap<Key, Value>, keys: readonly Key[]): ReadonlyMap<Key, Value> {
  return new Map([...map].filter(([key]) => keys.includes(key)));
}
