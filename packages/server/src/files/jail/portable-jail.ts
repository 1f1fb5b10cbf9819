import { constants, fstatSync, lstatSync, realpathSync, type Stats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { SftpError } from "@fairlead/sftp";
import { joinVirtualPath, resolveLinkTarget, splitVirtualPath } from "../../domain/virtual-path.ts";
import { Descriptor } from "../descriptor.ts";
import { errnoOf } from "../file-errors.ts";
import { type Jail, pathBelow, type Pin, type Place } from "./jail.ts";

/**
 * A jail by names, for systems without /proc. Weaker than the one by descriptors: where a path leads is checked before
 * a call and, for opened files, once more after it. Somebody who can change directories of the home by other means
 * than this server can win a race against the calls that are checked only before (remove, rename, mkdir, chmod).
 */
export async function openPortableJail(root: string): Promise<Jail> {
  return new PortableJail([await realpath(root), root]);
}

class PortableJail implements Jail {
  readonly holdsAgainstRaces = false;
  readonly #root: string;
  readonly #rootPaths: readonly string[];

  constructor(rootPaths: readonly [string, string]) {
    this.#root = rootPaths[0];
    this.#rootPaths = rootPaths;
  }

  async locate(virtualPath: string, options: { readonly followLast: boolean }): Promise<Place> {
    const names = splitVirtualPath(virtualPath);
    if (!names) throw new SftpError("FAILURE", "path too long or malformed");
    const path = join(this.#root, ...names);
    if (names.length === 0) return new PortablePlace(path, "/", false, await lstat(path));
    const named = join(await realpath(dirname(path)), basename(path));
    const stats = await lstatIfPresent(named);
    const followed = options.followLast && stats?.isSymbolicLink() === true ? await realpath(named) : named;
    const resolved = this.#requireInside(followed);
    const found = followed === named ? stats : await lstatIfPresent(followed);
    return new PortablePlace(followed, resolved, resolved !== virtualPath, found);
  }

  virtualPathOf(hostPath: string): string | undefined {
    const below = pathBelow(this.#rootPaths, hostPath);
    return below === undefined ? undefined : resolveLinkTarget("/", `/${below}`);
  }

  close(): void {}

  #requireInside(path: string): string {
    const inside = relative(this.#root, path);
    if (inside === ".." || inside.startsWith(`..${sep}`) || join(this.#root, inside) !== path) {
      throw new SftpError("PERMISSION_DENIED", "the path leads out of the home directory");
    }
    return joinVirtualPath(inside === "" ? [] : inside.split(sep));
  }
}

class PortablePlace implements Place {
  readonly path: string;
  readonly virtualPath: string;
  readonly crossedLink: boolean;
  readonly stats: Stats | undefined;

  constructor(path: string, virtualPath: string, crossedLink: boolean, stats: Stats | undefined) {
    this.path = path;
    this.virtualPath = virtualPath;
    this.crossedLink = crossedLink;
    this.stats = stats;
  }

  siblingPath(name: string): string {
    return join(dirname(this.path), name);
  }

  async pin(): Promise<Pin> {
    const { path } = this;
    if ((await lstat(path)).isSymbolicLink()) throw new SftpError("FAILURE", "too many symbolic links");
    return {
      path,
      isQuick: false,
      describe: (names) => Promise.all(names.map((name) => lstatIfPresent(join(path, name)))),
      release() {},
    };
  }

  async open(flags: number): Promise<Descriptor> {
    // Emptied only when it is known to be the right file.
    const file = await Descriptor.open(this.path, flags & ~constants.O_TRUNC);
    try {
      this.#confirm(file.fd);
      if ((flags & constants.O_TRUNC) !== 0) await file.truncate(0);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  release(): void {}

  #confirm(fd: number): void {
    const opened = fstatSync(fd, { bigint: true });
    const named = lstatSync(this.path, { bigint: true, throwIfNoEntry: false });
    const directory = dirname(this.path);
    if (named?.ino === opened.ino && named.dev === opened.dev && realpathSync(directory) === directory) return;
    throw new SftpError("PERMISSION_DENIED", "the file was replaced while it was opened");
  }
}

async function lstatIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
