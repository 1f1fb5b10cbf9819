import { createHash } from "node:crypto";
import type { PluginConfig } from "../config/plugin-config.ts";

const hashLength = 32;

/**
 * What the journal recognises each entry by, wherever it stands in the list: type, command and arguments, and for entries
 * alike in these their order among themselves. Arguments may hold secrets, so that only their hash is put down.
 */
export function identifyPlugins(plugins: readonly Pick<PluginConfig, "type" | "cmd" | "args">[]): readonly string[] {
  const seen = new Map<string, number>();
  return plugins.map(({ type, cmd, args }) => {
    const hash = createHash("sha256").update(JSON.stringify(args)).digest("hex").slice(0, hashLength);
    const key = `${type} ${cmd} ${hash}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return `${key} ${before}`;
  });
}

/** The part of a key that stays when only the arguments change. */
function commandOf(key: string): string {
  return key.split(" ").slice(0, -2).join(" ");
}

/**
 * Which key of before each new one goes on from. An entry whose arguments were changed is still the plugin its events wait
 * for: where one key of a command is new and one is no longer there, they are the same plugin.
 */
export function matchChangedPlugins(known: readonly string[], wanted: readonly string[]): ReadonlyMap<string, string> {
  const added = groupByCommand(wanted.filter((key) => !known.includes(key)));
  const gone = groupByCommand(known.filter((key) => !wanted.includes(key)));
  const matches = new Map<string, string>();
  for (const [command, [newKey, ...others]] of added) {
    const [oldKey, ...otherGone] = gone.get(command) ?? [];
    if (newKey === undefined || oldKey === undefined || others.length > 0 || otherGone.length > 0) continue;
    matches.set(newKey, oldKey);
  }
  return matches;
}

/**
 * The numbers of plugins by their keys, once those that go on have the keys in `goingOn`. A plugin whose key one of them
 * takes, and which does not go on itself, gets the next that is free: that of a further entry like it.
 *
 * @param reserved keys that no such plugin may get
 */
export function renamePlugins(
  numbers: ReadonlyMap<string, number>,
  goingOn: ReadonlyMap<string, number>,
  reserved: readonly string[],
): ReadonlyMap<string, number> {
  const going = new Set(goingOn.values());
  const others = [...numbers].filter(([, number]) => !going.has(number));
  const renamed = new Map([...others.filter(([key]) => !goingOn.has(key)), ...goingOn]);
  for (const [key, number] of others) {
    if (!goingOn.has(key)) continue;
    const alike = key.slice(0, key.lastIndexOf(" "));
    let order = 0;
    while (renamed.has(`${alike} ${order}`) || reserved.includes(`${alike} ${order}`)) order++;
    renamed.set(`${alike} ${order}`, number);
  }
  return renamed;
}

function groupByCommand(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(keys, commandOf);
}
