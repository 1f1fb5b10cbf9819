import { type CopyOptions, type FileAttributes, type FileHandle, SftpError } from "@fairlead/sftp";
import type { FilePaths } from "./access.ts";
import { toAttributes } from "./attributes.ts";
import { copyBytes, type PathHandle } from "./copy-bytes.ts";
import type { Descriptor } from "./descriptor.ts";
import { limitExceeded, permissionDenied, toSftpError } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { HeldFile } from "./held-file.ts";
import type { Attempt } from "./session-events.ts";
import { changeOpenFile, permissionsFor, requestedChanges } from "./set-attributes.ts";
import type { UploadDestination, UploadFailure } from "./upload-destination.ts";

export interface OpenedUpload {
  readonly paths: FilePaths;
  readonly file: Descriptor;
  /** For a user with a quota. Released by the upload. */
  readonly held: HeldFile | undefined;
  readonly destination: UploadDestination;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly appends: boolean;
  /** Whether this upload made the file. */
  readonly isNew: boolean;
  /** Bytes it has to begin with; 0 for a new one and for one that was emptied. */
  readonly startBytes: number;
  readonly startMs: number;
}

/** A file being written. What it grows by is counted before it is written, so that no limit is passed meanwhile. */
export class Upload implements PathHandle {
  readonly paths: FilePaths;
  readonly #context: FilesContext;
  readonly #opened: OpenedUpload;
  readonly #file: Descriptor;
  /** How large the file is once every accepted write is done. */
  #sizeBytes: number;
  #receivedBytes = 0;
  #failure: { readonly kind: UploadFailure; readonly error: SftpError } | undefined;
  #closed = false;

  constructor(context: FilesContext, opened: OpenedUpload) {
    this.#context = context;
    this.#opened = opened;
    this.#file = opened.file;
    this.paths = opened.paths;
    this.#sizeBytes = opened.startBytes;
    context.openHandles.add(this);
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    if (!this.#opened.canRead) throw permissionDenied();
    return this.#file.read(buffer, position, this.#sizeBytes);
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#write(bytes.length, position, (start) => this.#file.write(bytes, start));
  }

  writeMany(pieces: readonly Uint8Array[], position: number): Promise<void> {
    const lengthBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return this.#write(lengthBytes, position, (start) => this.#file.writeMany(pieces, start));
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

  /**
   * Idempotent. Sends `upload` with what became of the file, and `first-upload` after a good one. Rejects when the
   * upload failed, so that the client hears of it at CLOSE at the latest, as with SFTPGo.
   */
  async close(options?: { readonly aborted?: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.openHandles.delete(this);
    if (options?.aborted === true) this.#fail("aborted", new SftpError("FAILURE", "the upload was cut off"));
    const fate = await this.#finish();
    const sizeBytes = await this.#settleSize(fate);
    this.#opened.destination.release();
    await this.#file.close().catch((error: unknown) => this.#fail("failed", toSftpError(error)));
    await this.#publish(sizeBytes);
    // Nobody is there to hear it when the session was cut off.
    if (this.#failure && options?.aborted !== true) throw this.#failure.error;
  }

  async #finish(): Promise<"kept" | "removed"> {
    const { destination } = this.#opened;
    if (!this.#failure) {
      try {
        await destination.commit();
        return "kept";
      } catch (error) {
        this.#fail("failed", toSftpError(error));
      }
    }
    try {
      return await destination.abandon(this.#failure?.kind ?? "failed");
    } catch (error) {
      this.#context.events.warn("upload left behind", { path: this.paths.named, error });
      return "kept";
    }
  }

  /**
   * The size the event tells, and the quota's last word. As observed: users whose quota is counted get the file's real
   * size, others what came in, plus where an append began. A quota user's r+ of 10 bytes into 100 says 100, anybody
   * else's 10.
   */
  async #settleSize(fate: "kept" | "removed"): Promise<bigint> {
    const { appends, startBytes, held } = this.#opened;
    const left = await held?.release().catch((error: unknown) => {
      this.#context.events.warn("size of upload not known", { path: this.paths.named, error });
      return undefined;
    });
    if (fate === "removed") return 0n;
    if (left) return left.size;
    return this.#failure?.kind === "limit"
      ? BigInt(startBytes)
      : BigInt(this.#receivedBytes + (appends ? startBytes : 0));
  }

  async #publish(sizeBytes: bigint): Promise<void> {
    const facts = {
      action: "upload",
      virtualPath: this.paths.named,
      fileSizeBytes: sizeBytes,
      elapsedMs: performance.now() - this.#opened.startMs,
      status: this.#failure ? (this.#failure.kind === "limit" ? 3 : 2) : 1,
    } as const;
    const safe = this.#context.events.publishDone(facts, this.#failure?.error);
    if (!this.#failure) await this.#context.events.publishFirst("upload", facts);
    if (safe) await safe.catch((error: unknown) => this.#fail("failed", toSftpError(error)));
  }

  async #write(lengthBytes: number, position: number, write: (start: number) => Promise<void>): Promise<void> {
    if (!this.#opened.canWrite) throw new SftpError("PERMISSION_DENIED", "the file is not open for writing");
    if (this.#failure) throw this.#failure.error;
    // Appending means behind everything that was accepted, in the order the writes came, as with O_APPEND.
    const start = this.#opened.appends ? this.#sizeBytes : position;
    this.#begin(start + lengthBytes);
    try {
      await write(start);
    } catch (error) {
      throw this.#fail("failed", toSftpError(error));
    } finally {
      this.#opened.held?.end();
    }
    this.#receivedBytes += lengthBytes;
  }

  /** Asks the quota also for what this handle has written before: others may have cut the file since. */
  #begin(endBytes: number): void {
    // What was let go is counted no more.
    if (this.#closed) throw new SftpError("FAILURE", "the handle is closed");
    const isTooLarge = endBytes > this.#sizeBytes && endBytes > this.#context.maxUploadBytes;
    if (isTooLarge || this.#opened.held?.tryBegin(endBytes) === false) throw this.#fail("limit", limitExceeded());
    this.#sizeBytes = Math.max(endBytes, this.#sizeBytes);
  }

  async #resize(sizeBytes: number): Promise<void> {
    this.#begin(sizeBytes);
    let cutToBytes: number | undefined;
    try {
      await this.#file.truncate(sizeBytes);
      cutToBytes = sizeBytes;
    } finally {
      this.#opened.held?.end(cutToBytes);
    }
    this.#sizeBytes = Math.min(sizeBytes, this.#sizeBytes);
  }

  #fail(kind: UploadFailure, error: SftpError): SftpError {
    this.#failure ??= { kind, error };
    return this.#failure.error;
  }

  async #change(attributes: FileAttributes): Promise<void> {
    const { access } = this.#context;
    const changes = requestedChanges(attributes, this.#context);
    const { sizeBytes } = attributes;
    for (const permission of permissionsFor(changes)) access.requireForFile(this.paths, "use", permission);
    if (sizeBytes !== undefined && !this.#opened.isNew) access.requireForFile(this.paths, "use", "overwrite");
    if (sizeBytes !== undefined) await this.#resize(Number(sizeBytes));
    await changeOpenFile(this.#file, changes);
  }

  #attempt(operation: string): Attempt {
    return { operation, path: this.paths.named };
  }
}
