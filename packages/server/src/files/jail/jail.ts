import type { Stats } from "node:fs";
import type { Descriptor } from "../descriptor.ts";

/**
 * A directory tree that names cannot leave: not by "..", not by links, and not by somebody swapping directories and
 * links while an operation runs.
 */
export interface Jail {
  /** Whether it also holds when others change directories while an operation runs. */
  readonly holdsAgainstRaces: boolean;
  /**
   * Finds where a normalised virtual path leads. Links on the way are followed inside the jail; a link in the last
   * part only with `followLast`. A missing last part is found too, with no `stats`; a missing directory on the way is
   * NO_SUCH_FILE, a way out PERMISSION_DENIED. The place must be released.
   */
  locate(virtualPath: string, options: { readonly followLast: boolean }): Place | Promise<Place>;
  /** The virtual path an absolute path of the host names, by its text; undefined when it is outside. */
  virtualPathOf(hostPath: string): string | undefined;
  /** Gives up the jail's hold on its root; idempotent. Places must be released before. */
  close(): void;
}

/** An entry of a directory that stays the same directory until released, whatever happens to its path. */
export interface Place {
  /** What to hand to system calls that do not follow links (unlink, rename, mkdir, lchown …). */
  readonly path: string;
  /** Where the entry is with all links resolved, as a virtual path. */
  readonly virtualPath: string;
  /** Whether a link was followed on the way. */
  readonly crossedLink: boolean;
  /** lstat of the entry at the time it was found; undefined when there is none. */
  readonly stats: Stats | undefined;
  /** The path of another entry in the same directory. `name` is one path part. */
  siblingPath(name: string): string;
  /** Holds the entry itself, so that it can be changed or listed by a path nobody can redirect. Fails for a link. */
  pin(): Pin | Promise<Pin>;
  /**
   * Opens the entry, with open(2)'s flags. Never through a link, never waiting for a pipe; what is opened (and made or
   * emptied) is an entry of the directory that was found.
   */
  open(flags: number): Promise<Descriptor>;
  /** Idempotent. */
  release(): void;
}

/** One existing file or directory, held. */
export interface Pin {
  /** Leads to the held object itself for calls that follow links (chmod, utimes, opendir). */
  readonly path: string;
  /** Whether the disk answers at once, so that asking it on the event loop is cheaper than in the pool. */
  readonly isQuick: boolean;
  /** lstat of entries, when the object is a directory; undefined where there is none. */
  describe(names: readonly string[]): Promise<readonly (Stats | undefined)[]>;
  /** Idempotent. */
  release(): void;
}

/** What of `hostPath` lies below one of `roots`: "" for a root itself, undefined when it is outside. Text only. */
export function pathBelow(roots: readonly string[], hostPath: string): string | undefined {
  for (const root of roots) {
    if (hostPath === root) return "";
    if (hostPath.startsWith(root.endsWith("/") ? root : `${root}/`)) return hostPath.slice(root.length);
  }
  return undefined;
}

/** Links a single walk may follow; the kernel's own limit (path_resolution(7)). */
export const MAX_LINKS = 40;
