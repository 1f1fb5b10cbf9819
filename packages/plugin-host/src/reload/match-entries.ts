import { isDeepStrictEqual } from "node:util";
import type { PluginConfig } from "../config/plugin-config.ts";
import { processKeyOf } from "../hosting/process-key.ts";

/** A place in the configuration's list, and what is there. */
export interface Placed {
  readonly index: number;
  readonly config: PluginConfig;
}

/** From the most certain sign that two entries are the same one to the least. All of them need the same type. */
const signs: readonly ((before: Placed, now: Placed) => boolean)[] = [
  (before, now) => isDeepStrictEqual(before.config, now.config) && before.index === now.index,
  (before, now) => isDeepStrictEqual(before.config, now.config),
  (before, now) => processKeyOf(before.config) === processKeyOf(now.config),
  (before, now) => before.config.cmd === now.config.cmd,
  // Another executable in the same place takes over, events that wait included.
  (before, now) => before.index === now.index,
  // Wherever it is, what decides about logins and connections goes on deciding until the next one runs. Two notifiers have
  // nothing in common but their type: events for one are not for the other.
  (before) => before.config.type !== "notifier",
];

/**
 * Finds for each entry of a new configuration the one it was before, so that an entry inserted or removed above others
 * does not make them look changed. Entries without a place in the result are new; those before that are nobody's
 * former self are gone.
 */
export function matchEntries<Before extends Placed, Now extends Placed>(
  before: readonly Before[],
  now: readonly Now[],
): ReadonlyMap<Now, Before> {
  const matches = new Map<Now, Before>();
  const left = new Set(before);
  for (const fits of signs) {
    for (const entry of now) {
      if (matches.has(entry)) continue;
      for (const candidate of left) {
        if (candidate.config.type !== entry.config.type || !fits(candidate, entry)) continue;
        matches.set(entry, candidate);
        left.delete(candidate);
        break;
      }
    }
  }
  return matches;
}
