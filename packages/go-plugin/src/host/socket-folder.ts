import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { MAX_SOCKET_PATH_BYTES, SOCKET_FOLDER_PREFIX } from "../protocol/constants.ts";

// Not `import`: that evaluates every lazy part of node:fs, for which a host would wait at its start.
const { lstatSync, mkdtempSync, rmSync, unlinkSync } = process.getBuiltinModule("node:fs");

// go-plugin names sockets `plugin` and up to ten digits.
const LONGEST_SOCKET_NAME = "/plugin0123456789";

/**
 * A private folder for one plugin's sockets, so that whatever is in it can be removed when the plugin is gone (Go does
 * this for its custom runners). Plugins before go-plugin 1.5 ignore it. Undefined where there are no unix sockets.
 */
export function createSocketFolder(): string | undefined {
  if (process.platform === "win32") return undefined;
  for (const parent of new Set([tmpdir(), "/tmp"])) {
    const longest = join(parent, `${SOCKET_FOLDER_PREFIX}XXXXXX${LONGEST_SOCKET_NAME}`);
    if (Buffer.byteLength(longest) > MAX_SOCKET_PATH_BYTES) continue;
    try {
      return mkdtempSync(join(parent, SOCKET_FOLDER_PREFIX));
    } catch {
      // No such folder, or not ours to write: the next one, or the plugin's own choice.
    }
  }
  return undefined;
}

/** Removes the folder made for a plugin. Synchronous: it also runs at process exit. */
export function removeSocketFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Left to the system's own cleaning of temporary files.
  }
}

/**
 * Removes the socket of a plugin that is gone and that ignored its folder: go-plugin before 1.5 puts it where temporary
 * files are. Only there, by its name, and of the host's own account: a plugin may advertise any path, and another
 * service's socket is not ours to remove.
 */
export function removeAdvertisedSocket(path: string): void {
  const isOldPlace = [tmpdir(), "/tmp"].includes(dirname(path)) && /^plugin\d{1,10}$/.test(basename(path));
  if (!isOldPlace) return;
  try {
    const status = lstatSync(path);
    if (status.isSocket() && status.uid === process.getuid?.()) unlinkSync(path);
  } catch {
    // Removed by the plugin, the usual case.
  }
}
