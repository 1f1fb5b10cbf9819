import { join, resolve } from "node:path";
import { PluginError } from "../plugin-error.ts";
import type { GlobPart } from "./glob-pattern.ts";

/**
 * Looks for plugins by their names (go-plugin's `Discover`): the absolute paths in `folder` that match `pattern`, sorted.
 * The pattern is one of Go's: `*`, `?`, `[a-z]`, `[^a-z]`, `\`, and slashes for folders below; `*` also takes names that
 * begin with a dot. `folder` is taken as it is, whatever characters it has, and `..` in the pattern is refused.
 *
 * Whatever has such a name is given back, as by go-plugin: that it is no program is what launch() says. Folders that are
 * missing or must not be read hold nothing. Rejects with `ERR_INVALID_OPTION` for a pattern that is none.
 */
export async function discover(pattern: string, folder: string): Promise<string[]> {
  // Loaded now: hosts that know where their plugins are never need it.
  const { parseGlobPattern } = await import("./glob-pattern.ts");
  const parts = parseGlobPattern(pattern);
  let found = [resolve(checkFolder(folder))];
  for (const part of parts) {
    const matches: string[][] = [];
    for (const path of found) matches.push(await matchNames(part, path));
    found = matches.flat();
  }
  return found;
}

// Callers without types.
function checkFolder(folder: unknown): string {
  if (typeof folder === "string") return folder;
  throw new PluginError("ERR_INVALID_OPTION", "discover: the folder is no path", { details: { option: "folder" } });
}

async function matchNames(part: GlobPart, folder: string): Promise<string[]> {
  // Not `import`: hosts that know where their plugins are never need it.
  const { lstat, readdir } = process.getBuiltinModule("node:fs/promises");
  const { literal } = part;
  try {
    if (literal !== undefined) {
      await lstat(join(folder, literal));
      return [join(folder, literal)];
    }
    const names = (await readdir(folder)).filter((name) => part.matches(name));
    // By bytes, as Go sorts.
    return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map((name) => join(folder, name));
  } catch {
    // Nothing of that name, or no folder, or not ours to read.
    return [];
  }
}
