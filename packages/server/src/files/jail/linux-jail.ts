import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { SftpError } from "@fairlead/sftp";
import { resolveLinkTarget, splitVirtualPath } from "../../domain/virtual-path.ts";
import { Descriptor } from "../descriptor.ts";
import { type DiskPace, diskPace } from "../disk-pace.ts";
import { errnoOf } from "../file-errors.ts";
import { type Jail, pathBelow, type Pin, type Place } from "./jail.ts";
import { isOnLocalDisks } from "./mounts.ts";
import { directCalls, type PathCalls, pooledCalls } from "./path-calls.ts";
import { runSteps, step, type Steps } from "./steps.ts";
import { Root, tooManyLinks, Walk } from "./walk.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): a descriptor that only names a file. Not in Node's constants; the same on every Linux Node runs on. */
const O_PATH = 0o10000000;
const OPEN_DIRECTORY = O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** A walk on the event loop that takes longer was not served from memory. */
const SLOW_WALK_MS = 20;
/** A busy machine looks like a slow disk now and then; a slow disk does so again and again. */
const SLOW_WALKS_TOLERATED = 5;

/**
 * Opens a jail by file descriptors. Node has no openat(2), but Linux has the same thing by another name:
 * `/proc/self/fd/<directory>/<name>` starts at the open directory itself, wherever it may have been moved and whatever
 * now stands at its old path. Each directory on the way is opened without following links and links are resolved here
 * by their text, so there is no moment in which a path could be swapped under a call.
 *
 * Walks run on the event loop while they are quick: see {@link directCalls} and {@link isOnLocalDisks}.
 */
export async function openLinuxJail(root: string, calls?: PathCalls): Promise<Jail> {
  const realRoot = await realpath(root);
  const fd = await pooledCalls.open(realRoot, O_PATH | O_DIRECTORY);
  try {
    return new LinuxJail(fd, [realRoot, root], calls ?? (isOnLocalDisks(realRoot) ? directCalls : pooledCalls));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether descriptors can be walked here: Linux with a readable /proc. */
export function canOpenLinuxJail(): boolean {
  if (process.platform !== "linux") return false;
  let fd: number | undefined;
  try {
    fd = openSync("/", O_PATH | O_DIRECTORY);
    const [held, found] = [fstatSync(fd), statSync(entryPath(fd, "."))];
    return held.ino === found.ino && held.dev === found.dev;
  } catch {
    // No /proc, or one that hides our own descriptors: the other jail is for such machines.
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

class LinuxJail implements Jail {
  readonly holdsAgainstRaces = true;
  readonly #root: Root;
  readonly #rootPaths: readonly string[];
  #calls: PathCalls;
  #slowWalks = 0;

  constructor(root: number, rootPaths: readonly string[], calls: PathCalls) {
    this.#root = new Root(root);
    this.#rootPaths = rootPaths;
    this.#calls = calls;
  }

  locate(virtualPath: string, options: { readonly followLast: boolean }): Place | Promise<Place> {
    const names = splitVirtualPath(virtualPath);
    if (!names) throw new SftpError("FAILURE", "path too long or malformed");
    const walk = new Walk(this.#root, names, this.#rootPaths);
    const steps = this.#locate(walk, options.followLast);
    if (this.#calls !== directCalls) return runSteps(steps);
    const startMs = performance.now();
    try {
      return runSteps(steps);
    } finally {
      if (performance.now() - startMs > SLOW_WALK_MS && ++this.#slowWalks >= SLOW_WALKS_TOLERATED) {
        this.#calls = pooledCalls;
      }
    }
  }

  virtualPathOf(hostPath: string): string | undefined {
    const below = pathBelow(this.#rootPaths, hostPath);
    return below === undefined ? undefined : resolveLinkTarget("/", `/${below}`);
  }

  close(): void {
    this.#root.close();
  }

  *#locate(walk: Walk, followLast: boolean): Steps<Place> {
    try {
      for (;;) {
        const name = walk.next();
        if (name !== undefined && !walk.isLast) {
          yield* this.#enter(walk, name);
          continue;
        }
        const last = name ?? ".";
        const path = entryPath(walk.directory, last);
        const stats = yield* step(this.#calls.lstat(path));
        if (!followLast || stats?.isSymbolicLink() !== true)
          return new LinuxPlace(walk, last, stats, this.#calls, diskPace);
        // Without a target the link was replaced in between: the name is looked at again.
        walk.follow((yield* step(this.#calls.readLink(path))) ?? last);
      }
    } catch (error) {
      walk.release();
      throw error;
    }
  }

  *#enter(walk: Walk, name: string): Steps<void> {
    const path = entryPath(walk.directory, name);
    let fd: number;
    try {
      fd = yield* step(this.#calls.open(path, OPEN_DIRECTORY));
    } catch (error) {
      // A link is not a directory to open(2) here (ENOTDIR with O_PATH; ELOOP on some file systems).
      if (errnoOf(error) !== "ENOTDIR" && errnoOf(error) !== "ELOOP") throw error;
      const target = yield* step(this.#calls.readLink(path));
      if (target === undefined) throw error;
      walk.follow(target);
      return;
    }
    walk.enter(fd, name);
  }
}

class LinuxPlace implements Place {
  readonly path: string;
  readonly virtualPath: string;
  readonly crossedLink: boolean;
  readonly stats: Stats | undefined;
  readonly #walk: Walk;
  readonly #calls: PathCalls;
  readonly #pace: DiskPace;
  #released = false;

  constructor(walk: Walk, name: string, stats: Stats | undefined, calls: PathCalls, pace: DiskPace) {
    this.path = entryPath(walk.directory, name);
    this.virtualPath = walk.virtualPathOf(name);
    this.crossedLink = walk.crossedLink;
    this.stats = stats;
    this.#walk = walk;
    this.#calls = calls;
    this.#pace = pace;
  }

  siblingPath(name: string): string {
    return entryPath(this.#walk.directory, name);
  }

  pin(): Pin | Promise<Pin> {
    return runSteps(this.#pin());
  }

  async open(flags: number): Promise<Descriptor> {
    const isQuick = this.#calls === directCalls && this.#pace.isQuick && isLittleWork(flags);
    return isQuick ? Descriptor.openDirectly(this.path, flags, this.#pace) : Descriptor.open(this.path, flags);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#walk.release();
  }

  *#pin(): Steps<Pin> {
    const fd = yield* step(this.#calls.open(this.path, O_PATH | O_NOFOLLOW));
    const pin = new LinuxPin(fd, this.#calls);
    try {
      // O_PATH with O_NOFOLLOW opens a link itself, and that is nothing to change or to list.
      if (!fstatSync(fd).isSymbolicLink()) return pin;
      throw tooManyLinks();
    } catch (error) {
      pin.release();
      throw error;
    }
  }
}

class LinuxPin implements Pin {
  readonly path: string;
  readonly #calls: PathCalls;
  #fd: number;

  constructor(fd: number, calls: PathCalls) {
    this.path = `/proc/self/fd/${fd}`;
    this.#calls = calls;
    this.#fd = fd;
  }

  get isQuick(): boolean {
    return this.#calls === directCalls;
  }

  async describe(names: readonly string[]): Promise<readonly (Stats | undefined)[]> {
    const found = names.map((name) => this.#calls.lstat(`${this.path}/${name}`));
    return this.isQuick ? (found as (Stats | undefined)[]) : Promise.all(found as Promise<Stats | undefined>[]);
  }

  release(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Opening what is there to read it, or making what is not. */
function isLittleWork(flags: number): boolean {
  const makesFile = O_CREAT | O_EXCL;
  return flags === O_RDONLY || (flags & makesFile) === makesFile;
}

function entryPath(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}
