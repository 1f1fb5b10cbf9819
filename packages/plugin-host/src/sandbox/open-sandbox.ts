import { mkdtempSync, rmSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isSea } from "node:sea";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SandboxOptions } from "../config/fairlead-options.ts";
import type { PluginConfigBase } from "../config/plugin-config.ts";
import { findScript, refuse } from "./sandboxed-script.ts";

/** How a plugin is started so that it may only what its entry lets it. */
export interface Sandbox extends Disposable {
  readonly command: string;
  readonly args: readonly string[];
  /** For the plugin's socket. Gone with {@link Symbol.dispose}. */
  readonly socketFolder: string;
}

/** Of Node 26; older ones leave the network open or the database module without limits. */
const neededFlags = ["--permission", "--allow-net", "--no-experimental-sqlite", "--disable-sigusr1"] as const;

/** Switched off where Node has them: more ways out are no use to a plugin. */
const optionalFlags = ["--no-experimental-ffi", "--no-addons"] as const;

/** What a socket's path may have at most, less what is below the folder made here. */
const maxFolderBytes = 64;

type Entry = Pick<PluginConfigBase, "cmd" | "args" | "sha256sum">;

/**
 * Prepares the start of a plugin under Node's permission model: its own file, its socket and the named folders, nothing
 * else; no child processes, workers, native code, debugger or databases. Throws `ERR_SANDBOX`.
 */
export async function openSandbox(entry: Entry, options: SandboxOptions, signal: AbortSignal): Promise<Sandbox> {
  requireNode(entry.cmd);
  const script = await findScript(entry, signal);
  const read = await resolveAll(options.read, entry.cmd);
  const write = await resolveAll(options.write, entry.cmd);
  // An entry of this package, so that it stays a file when everything else is put together.
  const preload = await realpath(fileURLToPath(import.meta.resolve("@fairlead/plugin-host/sandbox-preload")));
  const socketFolder = makeSocketFolder(entry.cmd);
  return {
    command: process.execPath,
    args: [
      ...neededFlags,
      ...optionalFlags.filter((name) => process.allowedNodeEnvironmentFlags.has(name)),
      "--disable-warning=ExperimentalWarning",
      ...[script, preload, socketFolder, ...read, ...write].map((path) => `--allow-fs-read=${path}`),
      ...[socketFolder, ...write].map((path) => `--allow-fs-write=${path}`),
      `--import=${pathToFileURL(preload).href}?network=${options.network ? "yes" : "no"}`,
      script,
      ...entry.args,
    ],
    socketFolder,
    [Symbol.dispose]: () => rmSync(socketFolder, { recursive: true, force: true }),
  };
}

/**
 * Takes out what would undo a sandbox, or run native code before it is in force: all variables of Node's own (as
 * `NODE_OPTIONS`), the dynamic linker's and OpenSSL's.
 */
export function withoutRuntimeVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:NODE_|LD_|DYLD_|OPENSSL_)/i.test(name)));
}

function requireNode(cmd: string): void {
  if (process.platform === "win32") throw refuse(cmd, "there are no sandboxes on Windows");
  if (isSea()) throw refuse(cmd, "this server is a single executable and has no Node to run it with");
  const missing = neededFlags.filter((flag) => !process.allowedNodeEnvironmentFlags.has(flag));
  if (missing.length === 0) return;
  throw refuse(cmd, `this server runs on Node ${process.version}, which lacks ${missing.join(", ")}; it takes Node 26`);
}

/** Each path as it is written and as it is without symbolic links: a plugin may use either. */
async function resolveAll(paths: readonly string[], cmd: string): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      try {
        return [resolve(path), await realpath(path)];
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw refuse(cmd, `fairlead.sandbox names ${JSON.stringify(path)}, which cannot be used (${code})`);
      }
    }),
  );
  const all = [...new Set(found.flat())];
  // What a link leads to nobody has checked; in Node's options the asterisk stands for anything.
  const wide = all.find((path) => path.includes("*"));
  if (wide !== undefined) throw refuse(cmd, `fairlead.sandbox leads to ${JSON.stringify(wide)}: "*" cannot be named`);
  return all;
}

function makeSocketFolder(cmd: string): string {
  const parents = new Set([resolve(tmpdir()), "/tmp"]);
  for (const parent of parents) {
    const prefix = join(parent, "fairlead-");
    if (Buffer.byteLength(prefix) + 6 > maxFolderBytes) continue;
    try {
      return mkdtempSync(prefix);
    } catch {
      // Not ours to write: the next one.
    }
  }
  throw refuse(cmd, `its socket finds no place in ${[...parents].join(" or ")}`);
}
