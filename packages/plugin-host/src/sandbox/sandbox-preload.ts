/**
 * Runs in a sandboxed plugin's process before any of its code, as Node's `--import`. It takes away what the permission
 * model leaves: the network, once the socket is open on which the host calls the plugin, signals to other processes, of
 * which one opens a debugger in the host, and the flags of V8, of which some write files anywhere. Whatever of this fails ends the process: a plugin never runs with more than it
 * may.
 *
 * By itself on purpose: all that it imports the plugin could read.
 */
import { renameSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import os from "node:os";
import { dirname, join } from "node:path";
import v8 from "node:v8";

/** Parts of Node that its types do not have. */
interface Internals {
  _kill(pid: number, signal: number): number;
  _debugProcess?: unknown;
  _debugEnd?: unknown;
  readonly permission?: { has(scope: string): boolean; drop?(scope: string): void };
}

const internals = process as unknown as Internals;
/** The error number of EPERM. */
const notPermitted = -1;

const permission = internals.permission;
if (permission === undefined) giveUp("Node's permission model is not in force");

const folder = process.env["PLUGIN_UNIX_SOCKET_DIR"];
if (folder === undefined || folder === "") giveUp("the host named no folder for the socket");
/** The host's for this process alone; `folder` is in it. */
const home = dirname(folder);

leaveNoFolder();
keepSignalsAtHome();
keepFlags();
syncBuiltinESMExports();
if (new URL(import.meta.url).searchParams.get("network") !== "yes") await closeNetwork(folder);

function giveUp(reason: string): never {
  process.stderr.write(`The plugin's sandbox cannot be closed: ${reason}.\n`);
  process.exit(1);
}

/** The host removes it; but a host that was killed removes nothing, and then the plugin ends by itself. */
function leaveNoFolder(): void {
  process.once("exit", () => {
    try {
      rmSync(home, { recursive: true, force: true });
    } catch {
      // Left to the system's own cleaning of temporary files.
    }
  });
}

/** A plugin may end itself and nobody else. */
function keepSignalsAtHome(): void {
  const { pid } = process;
  const kill = internals._kill.bind(process);
  // process.kill() looks this one up whenever it is called.
  internals._kill = (target, signal) => (target === pid ? kill(target, signal) : notPermitted);
  delete internals._debugProcess;
  delete internals._debugEnd;
  const { setPriority } = os;
  os.setPriority = (...args: number[]): void => {
    const target = args.length > 1 ? args[0] : 0;
    if (target !== 0 && target !== pid) throw new RangeError(`not this plugin's process: ${target}`);
    setPriority(...(args as [number]));
  };
}

/** V8 asks nobody before it writes the files that its flags for tracing name. */
function keepFlags(): void {
  v8.setFlagsFromString = (): never => {
    throw Object.assign(new TypeError("a sandboxed plugin cannot change V8's flags"), { code: "ERR_ACCESS_DENIED" });
  };
}

/**
 * Node's permission model has one word for the network and for unix sockets. So the socket is opened first, then the
 * network is given up for good, and the plugin's listener gets what arrives at the socket.
 */
async function closeNetwork(socketFolder: string): Promise<void> {
  const door = join(home, "door");
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(door, () => {
      server.off("error", reject);
      resolve();
    });
  });
  permission?.drop?.("net");
  if (permission?.has("net") !== false) giveUp("the network cannot be given up");
  lendOnce(server, door, socketFolder);
}

/** The first listener that asks for a socket in the folder gets the open one, under the name it asked for. */
function lendOnce(server: net.Server, door: string, socketFolder: string): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the listener
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
    const path = pathOf(args[0]);
    if (path === undefined || dirname(path) !== socketFolder)
      return listen.apply(this, args as Parameters<typeof listen>);
    net.Server.prototype.listen = listen;
    renameSync(door, path);
    const whenListening = args.at(-1);
    if (typeof whenListening === "function") this.once("listening", whenListening as () => void);
    attach(server, this, path);
    return this;
  };
}

function pathOf(where: unknown): string | undefined {
  if (typeof where === "string") return where;
  if (typeof where !== "object" || where === null || !("path" in where)) return undefined;
  return typeof where.path === "string" ? where.path : undefined;
}

/** `listener` behaves as if the open socket was its own. */
function attach(server: net.Server, listener: net.Server, path: string): void {
  server.on("connection", (socket) => {
    if (listener.maxConnections > 0) server.maxConnections = listener.maxConnections;
    listener.emit("connection", socket);
  });
  server.on("drop", (data) => listener.emit("drop", data));
  server.once("close", () => listener.emit("close"));
  listener.address = () => path;
  listener.close = (done) => {
    server.close(done);
    return listener;
  };
  listener.ref = () => {
    server.ref();
    return listener;
  };
  listener.unref = () => {
    server.unref();
    return listener;
  };
  Object.defineProperty(listener, "listening", { get: () => server.listening });
  process.nextTick(() => listener.emit("listening"));
}
