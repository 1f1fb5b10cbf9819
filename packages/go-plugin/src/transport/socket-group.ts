import { listenFailed } from "./listen-failed.ts";

// Not `import`: that evaluates every lazy part of node:fs, a tenth of a plugin's start.
const { chmodSync, chownSync, readFileSync } = process.getBuiltinModule("node:fs");

/** Opens a socket or its folder to a group, by name or number (server.go: setGroupWritable). */
export function shareWithGroup(path: string, group: string, mode: number): void {
  chownSync(path, -1, /^\d{1,10}$/.test(group) ? Number(group) : findGroupId(group));
  chmodSync(path, mode);
}

function findGroupId(name: string): number {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const gid = line?.split(":")[2];
  if (gid === undefined) throw listenFailed(`failed to find gid from ${JSON.stringify(name)}`, undefined);
  return Number(gid);
}
