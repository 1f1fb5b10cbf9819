import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { PluginError } from "../plugin-error.ts";
import { MAX_SOCKET_PATH_BYTES, SOCKET_FOLDER_PREFIX } from "../protocol/constants.ts";
import { shareWithGroup } from "../transport/socket-group.ts";

// Not `import`: that evaluates every lazy part of node:fs, for which a host would wait at its start.
const { lstatSync, mkdtempSync, readdirSync, rmdirSync, rmSync, unlinkSync } = process.getBuiltinModule("node:fs");

// go-plugin names sockets `plugin` and up to ten digits.
const LONGEST_SOCKET_NAME = "/plugin0123456789";

/** Where plugins' sockets are (go-plugin's `UnixSocketConfig`). */
export interface SocketPlace {
  /** The private folder of each plugin is made in this one. Default: the system's temporary folder, or `/tmp`. */
  readonly folder?: string;
  /** Name or number of a group that may use the sockets, besides the own account. Default: none. */
  readonly group?: string;
}

/**
 * A private folder for one plugin's sockets, so that whatever is in it can be removed when the plugin is gone (Go does
 * this for its custom runners). Plugins before go-plugin 1.5 ignore it. Undefined where there are no unix sockets, and
 * where none can be made unless the caller said where, or for whom. Throws `ERR_INVALID_OPTION`.
 */
export function createSocketFolder(place: SocketPlace = {}): string | undefined {
  if (process.platform === "win32") return undefined;
  const { folder: parent, group } = place;
  // TMPDIR may be relative, and the plugin in another folder.
  const made = makeFolder(parent === undefined ? [resolve(tmpdir()), "/tmp"] : [parent]);
  if (group === undefined || made.folder === undefined) {
    if (made.folder !== undefined || (parent === undefined && group === undefined)) return made.folder;
    throw unusable("folder", parent ?? tmpdir(), made.failure);
  }
  try {
    // As go-plugin does: 0700 would keep the group out.
    shareWithGroup(made.folder, group, 0o770);
    return made.folder;
  } catch (error) {
    removeSocketFolder(made.folder);
    throw unusable("group", group, error);
  }
}

function makeFolder(parents: readonly string[]): { readonly folder?: string; readonly failure?: unknown } {
  let failure: unknown;
  for (const parent of new Set(parents)) {
    const longest = join(parent, `${SOCKET_FOLDER_PREFIX}XXXXXX${LONGEST_SOCKET_NAME}`);
    try {
      if (Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES) {
        return { folder: mkdtempSync(join(parent, SOCKET_FOLDER_PREFIX)) };
      }
      failure = "a socket in it would have too long a path";
    } catch (error) {
      // No such folder, or not ours to write: the next one, or the plugin's own choice.
      failure = error;
    }
  }
  return { failure };
}

function unusable(option: "folder" | "group", value: string, cause: unknown): PluginError {
  const reason = PluginError.is(cause) ? cause.summary : cause instanceof Error ? cause.message : String(cause);
  return new PluginError(
    "ERR_INVALID_OPTION",
    `launch: option sockets.${option} is ${JSON.stringify(value)}, which cannot be used: ${reason}`,
    { details: { option: `sockets.${option}` }, cause },
  );
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
  const isOldPlace = [resolve(tmpdir()), "/tmp"].includes(dirname(path)) && /^plugin\d{1,10}$/.test(basename(path));
  if (!isOldPlace) return;
  try {
    const status = lstatSync(path);
    if (status.isSocket() && status.uid === process.getuid?.()) unlinkSync(path);
  } catch {
    // Removed by the plugin, the usual case.
  }
}

/**
 * Removes what is left of a plugin that this host attached to, when the one that launched it is gone: its socket and
 * the folder it was alone in. Only folders that hosts like this one make, and of the own account.
 */
export function removeAbandonedSocket(path: string): void {
  removeAdvertisedSocket(path);
  const folder = dirname(path);
  if (!basename(folder).startsWith(SOCKET_FOLDER_PREFIX)) return;
  try {
    if (lstatSync(folder).uid !== process.getuid?.()) return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isSocket()) unlinkSync(join(folder, entry.name));
    }
    rmdirSync(folder);
  } catch {
    // Gone already, or somebody else's files are in it.
  }
}
