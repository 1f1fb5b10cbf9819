import type { Server } from "node:net";
import { join, resolve } from "node:path";
import { ENV_MAX_PORT, ENV_MIN_PORT, MAX_SOCKET_PATH_BYTES, SOCKET_FOLDER_PREFIX } from "../protocol/constants.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import { listenFailed } from "./listen-failed.ts";
import { shareWithGroup } from "./socket-group.ts";

// Not `import`: that evaluates every lazy part of node:fs, a tenth of a plugin's start.
const { mkdtempSync, readdirSync, rmdirSync, unlinkSync } = process.getBuiltinModule("node:fs");

/** Where to listen, on either side. */
export interface ListenPlace {
  /** Folder for the socket. */
  readonly folder?: string;
  /**
   * The folder goes with the listener, and with it whatever sockets are left there by others later. Only when it is empty
   * before: otherwise it was made for somebody else, whose words reached this process too. Default false.
   */
  readonly ownsFolder?: boolean;
  /** Where a private folder is made when there is none, or none that fits into a socket address. Default `/tmp`. */
  readonly temporaryFolder?: string;
  /** Name or number of the group that may connect. Default: only the own account. */
  readonly group?: string;
  /** Where there are no unix sockets: the range to take a port from. Default: any port. */
  readonly ports?: { readonly min: number; readonly max: number };
}

/** A listening server and where it listens. */
export interface Listener {
  readonly server: Server;
  readonly address: PluginAddress;
  /** Removes the socket and its private folder. Synchronous, idempotent, never throws: it also runs at process exit. */
  removeFiles(): void;
}

/** Makes the server, plain or TLS. */
export type ServerFactory = () => Server;

/**
 * Listens where go-plugin would (server.go: serverListener): on a unix socket, on Windows on the first free port of
 * 127.0.0.1 in the host's range.
 */
export async function openListener(
  place: ListenPlace,
  make: ServerFactory = process.getBuiltinModule("node:net").createServer,
  platform: string = process.platform,
): Promise<Listener> {
  return platform === "win32" ? await listenTcp(place, make) : await listenUnix(place, make);
}

async function listenUnix(place: ListenPlace, make: ServerFactory): Promise<Listener> {
  const socket = chooseSocketPath(place);
  const removeFiles = (): void => removeQuietly(socket);
  const server = make();
  try {
    await listen(server, { path: socket.path });
    if (place.group !== undefined) openToGroup(socket, place.group);
    return { server, address: { network: "unix", path: socket.path }, removeFiles };
  } catch (error) {
    server.close();
    removeFiles();
    throw listenFailed(`cannot listen on unix socket ${socket.path}`, error);
  }
}

interface SocketPath {
  readonly path: string;
  /** The folder around the socket, to be removed with it. */
  readonly folder: string | undefined;
  readonly isNewFolder: boolean;
}

// Hosts that filter the environment give no TMPDIR, and a long one does not fit into a socket address.
function chooseSocketPath({ folder: given, ownsFolder, temporaryFolder = "/tmp" }: ListenPlace): SocketPath {
  if (given !== undefined) {
    const path = join(given, `plugin${Math.floor(Math.random() * 1e10)}`);
    const folder = ownsFolder === true && isEmpty(given) ? given : undefined;
    if (fits(path)) return { path, folder, isNewFolder: false };
  }
  const failures: unknown[] = [];
  // TMPDIR may be relative, and means another folder on the other side.
  for (const parent of new Set([resolve(temporaryFolder), "/tmp"])) {
    // mkdtemp adds six characters, the socket's name two more.
    if (!fits(join(parent, `${SOCKET_FOLDER_PREFIX}XXXXXX`, "s"))) continue;
    try {
      const folder = mkdtempSync(join(parent, SOCKET_FOLDER_PREFIX));
      return { path: join(folder, "s"), folder, isNewFolder: true };
    } catch (error) {
      failures.push(error);
    }
  }
  throw listenFailed("cannot make a folder for the plugin's socket", failures.at(-1));
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    // Missing, or no folder: listening will say so.
    return false;
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

function openToGroup({ path, folder, isNewFolder }: SocketPath, group: string): void {
  shareWithGroup(path, group, 0o660);
  // One that was given may belong to somebody else, who has opened it to whom it is for.
  if (isNewFolder && folder !== undefined) shareWithGroup(folder, group, 0o750);
}

async function listenTcp(place: ListenPlace, make: ServerFactory): Promise<Listener> {
  const { min, max } = place.ports ?? { min: 0, max: 0 };
  if (min > max) {
    throw listenFailed(`${ENV_MIN_PORT} value of ${min} is greater than ${ENV_MAX_PORT} value of ${max}`, undefined);
  }
  const host = "127.0.0.1";
  for (let port = min; port <= max; port++) {
    const server = make();
    try {
      await listen(server, { host, port });
      const bound = server.address();
      const actual = typeof bound === "object" && bound !== null ? bound.port : port;
      return { server, address: { network: "tcp", host, port: actual }, removeFiles() {} };
    } catch {
      // Taken, most likely: the next one.
    }
  }
  throw listenFailed("couldn't bind plugin TCP listener", undefined);
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function removeQuietly({ path, folder }: SocketPath): void {
  attempt(() => unlinkSync(path));
  if (folder === undefined) return;
  attempt(() => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isSocket()) attempt(() => unlinkSync(join(folder, entry.name)));
    }
    rmdirSync(folder);
  });
}

function attempt(remove: () => void): void {
  try {
    remove();
  } catch {
    // Gone already: the server removes its socket when it closes, and the other side may have cleaned up.
  }
}
