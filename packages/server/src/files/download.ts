import { constants } from "node:fs";
import { type CopyOptions, type FileAttributes, type FileHandle, SftpError } from "@fairlead/sftp";
import type { FilePaths } from "./access.ts";
import { toAttributes } from "./attributes.ts";
import { copyBytes, type PathHandle } from "./copy-bytes.ts";
import type { Descriptor } from "./descriptor.ts";
import { noSuchFile, toSftpError } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";
import type { HeldFile } from "./held-file.ts";
import type { Attempt } from "./session-events.ts";
import type { Quota } from "./quota.ts";
import { changeOpenFile, permissionsFor, requestedChanges } from "./set-attributes.ts";

/**
 * Opens a file for reading. `pre-download` goes out before the file is opened, so that a missing file leaves it alone,
 * as observed; what was refused sends nothing. A directory opens too, as on any POSIX server, and then refuses to be read.
 */
export async function openDownload(context: FilesContext, path: string): Promise<Download> {
  const { access, events, quota } = context;
  access.require(path, "use", "download");
  events.requireRecordable("pre-download", "download", "first-download");
  const startMs = performance.now();
  const place = await locate(context, path);
  try {
    const { stats } = place;
    if (!stats) throw noSuchFile();
    if (!stats.isFile() && !stats.isDirectory()) throw new SftpError("FAILURE", "not a regular file");
    const file = await place.open(constants.O_RDONLY);
    const held = quota && (await holdReadFile(quota, file));
    return new Download(context, { named: path, resolved: place.virtualPath }, file, {
      held,
      sizeBytes: stats.size,
      isDirectory: stats.isDirectory(),
      startMs,
    });
  } finally {
    place.release();
  }
}

/** Where the file is, once nothing but the disk can refuse, and `pre-download` is out. */
async function locate(context: FilesContext, path: string): Promise<Place> {
  const { access, events, gate, jail } = context;
  const announce = () => events.publish({ action: "pre-download", virtualPath: path });
  let place: Place;
  try {
    place = await jail.locate(path, { followLast: true });
  } catch (error) {
    announce();
    throw error;
  }
  try {
    access.requireAt(place, "use", "download");
    const { stats, virtualPath } = place;
    // What is not there is not asked about: it is not opened either.
    const asked = stats && gate.ask({ operation: "download", virtualPath, fileSizeBytes: stats.size });
    if (asked) await asked;
    announce();
    return place;
  } catch (error) {
    place.release();
    throw error;
  }
}

/** A file that is removed while it is read still takes its room on the disk. */
export async function holdReadFile(quota: Quota, file: Descriptor): Promise<HeldFile | undefined> {
  try {
    return (await file.stat()).isFile() ? await quota.hold(file) : undefined;
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface OpenedFile {
  /** For a user with a quota. Released by the download. */
  readonly held: HeldFile | undefined;
  readonly sizeBytes: number;
  readonly isDirectory: boolean;
  readonly startMs: number;
}

/** A file being read. Its `download` event says how many bytes the client got, not how many there are. */
export class Download implements PathHandle {
  readonly paths: FilePaths;
  readonly #context: FilesContext;
  readonly #file: Descriptor;
  readonly #opened: OpenedFile;
  #sentBytes = 0;
  #failure: SftpError | undefined;
  #closed = false;

  constructor(context: FilesContext, paths: FilePaths, file: Descriptor, opened: OpenedFile) {
    this.#context = context;
    this.paths = paths;
    this.#file = file;
    this.#opened = opened;
    context.openHandles.add(this);
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    if (this.#opened.isDirectory) throw new SftpError("FAILURE", "is a directory");
    try {
      const count = await this.#file.read(buffer, position, this.#opened.sizeBytes);
      this.#sentBytes += count;
      return count;
    } catch (error) {
      this.#failure ??= toSftpError(error);
      throw error;
    }
  }

  write(): Promise<void> {
    return Promise.reject(new SftpError("PERMISSION_DENIED", "the file is not open for writing"));
  }

  async stat(): Promise<FileAttributes> {
    return toAttributes(await this.#file.stat());
  }

  setStat(attributes: FileAttributes): Promise<void> {
    return this.#context.events.reported(this.#attempt("fsetstat"), this.#change(attributes));
  }

  sync(): Promise<void> {
    return this.#context.events.reported(this.#attempt("fsync"), this.#file.sync());
  }

  copyTo(target: FileHandle, options: CopyOptions): Promise<void> {
    return this.#context.events.reported(this.#attempt("copy"), copyBytes(this.#context, this, target, options));
  }

  /** Idempotent. */
  async close(options?: { readonly aborted?: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.openHandles.delete(this);
    // Nothing was written that could be lost; the client has its bytes.
    await this.#letGo().catch((error: unknown) =>
      this.#context.events.warn("close failed", { path: this.paths.named, error }),
    );
    if (options?.aborted === true) this.#failure ??= new SftpError("FAILURE", "the download was cut off");
    const isGood = this.#failure === undefined;
    const facts = {
      action: "download",
      virtualPath: this.paths.named,
      fileSizeBytes: BigInt(this.#sentBytes),
      elapsedMs: performance.now() - this.#opened.startMs,
      status: isGood ? 1 : 2,
    } as const;
    const safe = this.#context.events.publishDone(facts, this.#failure);
    // A first download is one that brought something, as observed.
    if (isGood && this.#sentBytes > 0) await this.#context.events.publishFirst("download", facts);
    if (safe && options?.aborted !== true) await safe;
  }

  async #letGo(): Promise<void> {
    try {
      // Awaited only where there is a quota: a close may be done on the spot.
      if (this.#opened.held) await this.#opened.held.release();
    } finally {
      await this.#file.close();
    }
  }

  async #change(attributes: FileAttributes): Promise<void> {
    const changes = requestedChanges(attributes, this.#context);
    for (const permission of permissionsFor(changes))
      this.#context.access.requireForFile(this.paths, "use", permission);
    if (attributes.sizeBytes !== undefined)
      throw new SftpError("PERMISSION_DENIED", "the file is not open for writing");
    await changeOpenFile(this.#file, changes);
  }

  #attempt(operation: string): Attempt {
    return { operation, path: this.paths.named };
  }
}
