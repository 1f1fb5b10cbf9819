import type { PluginConfig } from "../config/plugin-config.ts";

/** Equal for entries that would start the same process; what is not in it needs no new process when it changes. */
export function processKeyOf(config: PluginConfig): string {
  const { cmd, args, sha256sum, autoMtls, envPrefix, envVars, fairlead } = config;
  return JSON.stringify([cmd, args, sha256sum, autoMtls, envPrefix, envVars, fairlead.sandbox]);
}

/**
 * Puts entries together that one process can serve: of equal keys and different types. The second entry of a type begins
 * a process of its own, which later entries join.
 *
 * @param isApart whether entries of this key get processes of their own all the same
 */
export function groupByProcess<Entry extends { readonly config: PluginConfig }>(
  entries: readonly Entry[],
  isApart: (key: string) => boolean,
): readonly (readonly [Entry, ...Entry[]])[] {
  const groups: { readonly key: string; readonly members: [Entry, ...Entry[]] }[] = [];
  for (const entry of entries) {
    const key = processKeyOf(entry.config);
    const group = isApart(key) ? undefined : groups.find((one) => one.key === key && hasRoomFor(one.members, entry));
    if (group === undefined) groups.push({ key, members: [entry] });
    else group.members.push(entry);
  }
  return groups.map(({ members }) => members);
}

function hasRoomFor<Entry extends { readonly config: PluginConfig }>(members: readonly Entry[], entry: Entry): boolean {
  return members.every(({ config }) => config.type !== entry.config.type);
}
