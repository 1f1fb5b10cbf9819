import { mkdir, rmdir, statfs, unlink } from "node:fs/promises";
import {
  type DirectoryHandle,
  type FileAttributes,
  type FileHandle,
  type FileSystem,
  type OpenFlags,
  type RenameOptions,
  SftpError,
  type StatVfs,
  type UserGroupNames,
} from "@fairlead/sftp";
import { nameAccounts } from "./account-names.ts";
import { atPlace } from "./at-place.ts";
import { toAttributes } from "./attributes.ts";
import { type ChecksumAlgorithm, checksumFile } from "./checksum.ts";
import { openListing } from "./directory-listing.ts";
import { openDownload } from "./download.ts";
import { noSuchFile, permissionDenied, toSftpError } from "./file-errors.ts";
import type { FilesContext, OpenHandle } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";
import { makeHardLink, makeSymlink, readSymlink } from "./links.ts";
import { isUpload } from "./open-flags.ts";
import { openUpload } from "./open-upload.ts";
import { giveDirectory } from "./ownership.ts";
import { takingName } from "./quota-names.ts";
import { renameEntry } from "./rename.ts";
import { changeLink, changePlace, permissionsFor, requestedChanges } from "./set-attributes.ts";
import { toStatVfs } from "./stat-vfs.ts";
import { truncatePlace } from "./truncate.ts";

const FOLLOW = { followLast: true } as const;
const NO_FOLLOW = { followLast: false } as const;

/** The files of one user as one session sees them. */
export class SessionFileSystem implements FileSystem, AsyncDisposable {
  readonly homeDirectory: string;
  readonly #context: FilesContext;
  #hasEnded = false;

  constructor(context: FilesContext, homeDirectory: string) {
    this.#context = context;
    this.homeDirectory = homeDirectory;
  }

  // The mode a client proposes is left to the umask, as SFTPGo does: setting it is what the permission chmod is for.
  async open(path: string, flags: OpenFlags): Promise<FileHandle> {
    try {
      if (isUpload(flags)) return await this.#orClosed(await openUpload(this.#context, path, flags));
      if (flags.read) return await this.#orClosed(await openDownload(this.#context, path));
    } catch (error) {
      throw toSftpError(error);
    }
    throw new SftpError("FAILURE", "the file must be opened for reading or writing");
  }

  async openDirectory(path: string): Promise<DirectoryHandle> {
    const { access, events, jail, openHandles } = this.#context;
    access.requireListing(path);
    return atPlace(jail, path, FOLLOW, async (place) => {
      if (place.crossedLink) access.requireListing(place.virtualPath);
      if (!place.stats) throw noSuchFile();
      if (!place.stats.isDirectory()) throw new SftpError("FAILURE", "not a directory");
      // A link must not show what is hidden where it leads.
      const directories = [...new Set([path, place.virtualPath])];
      const isHidden = (name: string) =>
        directories.some((directory) => access.isHidden(directory === "/" ? `/${name}` : `${directory}/${name}`));
      const onFailure = (error: unknown) => events.reportFailure({ operation: "readdir", path }, error);
      return this.#orClosed(await openListing({ pin: await place.pin(), isHidden, openHandles, onFailure }));
    });
  }

  stat(path: string): Promise<FileAttributes> {
    return this.#describe(path, FOLLOW);
  }

  lstat(path: string): Promise<FileAttributes> {
    return this.#describe(path, NO_FOLLOW);
  }

  setStat(path: string, attributes: FileAttributes): Promise<void> {
    return this.#change(path, attributes, FOLLOW);
  }

  setStatNoFollow(path: string, attributes: FileAttributes): Promise<void> {
    return this.#change(path, attributes, NO_FOLLOW);
  }

  async remove(path: string): Promise<void> {
    const { access, events, gate, jail, quota } = this.#context;
    const startMs = performance.now();
    access.require(path, "use", "delete", "delete_files");
    events.requireRecordable("pre-delete", "delete");
    const { safe } = await atPlace(jail, path, NO_FOLLOW, async (place) => {
      access.requireAt(place, "use", "delete", "delete_files");
      if (!place.stats) throw noSuchFile();
      if (place.stats.isDirectory()) throw new SftpError("FAILURE", "is a directory");
      const { size } = place.stats;
      const asked = gate.ask({ operation: "delete", virtualPath: place.virtualPath, fileSizeBytes: size });
      if (asked) await asked;
      const fileSizeBytes = BigInt(size);
      events.publish({ action: "pre-delete", virtualPath: path, fileSizeBytes });
      await takingName(quota, place.path, () => unlink(place.path));
      const elapsedMs = performance.now() - startMs;
      return { safe: events.publishDone({ action: "delete", virtualPath: path, fileSizeBytes, elapsedMs }) };
    });
    if (safe) await safe;
  }

  async makeDirectory(path: string): Promise<void> {
    const { access, events, gate, jail } = this.#context;
    const startMs = performance.now();
    access.require(path, "create", "create_dirs");
    events.requireRecordable("mkdir");
    await atPlace(jail, path, NO_FOLLOW, async (place) => {
      access.requireAt(place, "create", "create_dirs");
      const asked = gate.ask({ operation: "mkdir", virtualPath: place.virtualPath });
      if (asked) await asked;
      await mkdir(place.path);
      await giveDirectory(this.#context, path, place);
    });
    // Directories scp makes on its way send nothing, as observed.
    if (events.isScp) return;
    const safe = events.publishDone({ action: "mkdir", virtualPath: path, elapsedMs: performance.now() - startMs });
    if (safe) await safe;
  }

  async removeDirectory(path: string): Promise<void> {
    const { access, events, gate, jail } = this.#context;
    const startMs = performance.now();
    if (path === "/") throw permissionDenied();
    access.require(path, "use", "delete", "delete_dirs");
    events.requireRecordable("rmdir");
    await atPlace(jail, path, NO_FOLLOW, async (place) => {
      access.requireAt(place, "use", "delete", "delete_dirs");
      if (!place.stats) throw noSuchFile();
      if (!place.stats.isDirectory()) throw new SftpError("FAILURE", "not a directory");
      const asked = gate.ask({ operation: "rmdir", virtualPath: place.virtualPath });
      if (asked) await asked;
      await rmdir(place.path);
    });
    const safe = events.publishDone({ action: "rmdir", virtualPath: path, elapsedMs: performance.now() - startMs });
    if (safe) await safe;
  }

  rename(from: string, to: string, options: RenameOptions): Promise<void> {
    return renameEntry(this.#context, from, to, options.overwrite || this.#context.policy.plainRenameOverwrites);
  }

  symlink(target: string, linkPath: string): Promise<void> {
    return makeSymlink(this.#context, target, linkPath);
  }

  readLink(path: string): Promise<string> {
    return readSymlink(this.#context, path);
  }

  hardLink(from: string, to: string): Promise<void> {
    return makeHardLink(this.#context, from, to);
  }

  /** Links resolved, but only for who may list: for others a path is what they say it is, and the disk is not asked. */
  async realPath(path: string): Promise<string> {
    const { access, jail } = this.#context;
    if (path === "/" || path === this.homeDirectory || !access.permits(path, "list")) return path;
    if (access.isHidden(path)) throw noSuchFile();
    return atPlace(jail, path, FOLLOW, ({ virtualPath }) => (access.permits(virtualPath, "list") ? virtualPath : path));
  }

  async statVfs(path: string): Promise<StatVfs> {
    const { access, jail, quota } = this.#context;
    access.require(path, "look", "list");
    return atPlace(jail, path, FOLLOW, async (place) => {
      access.requireAt(place, "look", "list");
      if (!place.stats) throw noSuchFile();
      const pin = await place.pin();
      try {
        return toStatVfs(await statfs(pin.path, { bigint: true }), quota);
      } finally {
        pin.release();
      }
    });
  }

  checksum(path: string, algorithm: ChecksumAlgorithm, signal: AbortSignal): Promise<string> {
    return checksumFile(this.#context, path, algorithm, signal);
  }

  async userGroupNames(uids: readonly number[], gids: readonly number[]): Promise<UserGroupNames> {
    return nameAccounts(this.#context.user, uids, gids);
  }

  /** Closes what a session left open, as cut off, and lets go of the home. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { gate, jail, openHandles } = this.#context;
    this.#hasEnded = true;
    gate.end();
    await Promise.allSettled(Array.from(openHandles, (handle) => handle.close({ aborted: true })));
    jail.close();
  }

  /** What was still being opened when the session ended is closed here: nobody else knows of it. */
  async #orClosed<H extends OpenHandle>(handle: H): Promise<H> {
    if (!this.#hasEnded) return handle;
    await handle.close({ aborted: true });
    throw new SftpError("FAILURE", "the session has ended");
  }

  async #describe(path: string, options: { readonly followLast: boolean }): Promise<FileAttributes> {
    const { access, jail } = this.#context;
    access.require(path, "look", "list");
    return atPlace(jail, path, options, (place) => {
      access.requireAt(place, "look", "list");
      if (!place.stats) throw noSuchFile();
      return toAttributes(place.stats);
    });
  }

  async #change(path: string, attributes: FileAttributes, options: { readonly followLast: boolean }): Promise<void> {
    const { access, jail } = this.#context;
    const changes = requestedChanges(attributes, this.#context);
    const { sizeBytes } = attributes;
    const needed = [...permissionsFor(changes), ...(sizeBytes === undefined ? [] : (["overwrite"] as const))];
    for (const permission of needed) access.require(path, "use", permission);
    await atPlace(jail, path, options, async (place: Place) => {
      for (const permission of needed) access.requireAt(place, "use", permission);
      if (!place.stats) throw noSuchFile();
      if (sizeBytes !== undefined) await truncatePlace(this.#context, place, Number(sizeBytes));
      await (place.stats.isSymbolicLink() ? changeLink(place, changes) : changePlace(place, changes));
    });
  }
}
