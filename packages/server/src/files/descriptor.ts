import {
  type BigIntStats,
  close,
  closeSync,
  constants,
  fchmod,
  fchown,
  fstat,
  fsync,
  ftruncate,
  futimes,
  open,
  openSync,
  read,
  write,
  writeSync,
  writev,
} from "node:fs";
import { SftpError } from "@fairlead/sftp";
import type { DiskPace } from "./disk-pace.ts";
import { toSftpError } from "./file-errors.ts";

/** writev(2)'s own limit on Linux (IOV_MAX). */
const MAX_PIECES = 1024;

/** What of one file is written on the event loop, from its first byte on: large files are better copied by other cores. */
const MAX_DIRECT_BYTES = 64 * 1024;

/**
 * For opening what stands at a path: a link that was put there is not followed, a pipe does not block, a terminal is
 * not adopted.
 */
const OPEN_SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * An open file by its number. Plain callbacks on the caller's buffers: a read or write is one hop through the thread
 * pool, with no object of Node's `FileHandle` and no copy between.
 */
export class Descriptor {
  readonly fd: number;
  /** Only of files that are used on the event loop while that is quick. */
  readonly #pace: DiskPace | undefined;
  #directBytesLeft = MAX_DIRECT_BYTES;
  /** Whether the thread pool wrote too; a close may then have much to do. */
  #pooledWrites = false;
  #closed = false;
  #running = 0;
  #onIdle: (() => void) | undefined;

  private constructor(fd: number, pace?: DiskPace) {
    this.fd = fd;
    this.#pace = pace;
  }

  /** Opens a file in the thread pool. A link in the last part is not followed; a pipe or terminal does no harm. */
  static open(path: string, flags: number): Promise<Descriptor> {
    return new Promise((resolve, reject) => {
      open(path, flags | OPEN_SAFELY, (error, fd) => (error ? reject(error) : resolve(new Descriptor(fd))));
    });
  }

  /**
   * Opens a file on the event loop, and closes it there; so are the first {@link MAX_DIRECT_BYTES} written, as long as
   * `pace` finds it quick. Only for local disks, and for files to read whose attributes were just asked for, or new
   * ones: emptying a large file takes its time.
   */
  static openDirectly(path: string, flags: number, pace: DiskPace): Descriptor {
    return new Descriptor(
      pace.watch(() => openSync(path, flags | OPEN_SAFELY)),
      pace,
    );
  }

  /**
   * Fills `buffer` as far as the file goes. A short read that ends at or behind `knownSizeBytes` is taken for the end
   * of the file without asking once more.
   */
  async read(buffer: Uint8Array, position: number, knownSizeBytes: number): Promise<number> {
    requirePosition(position);
    let done = await this.#readOnce(buffer, 0, position);
    while (done > 0 && done < buffer.length && position + done < knownSizeBytes) {
      const count = await this.#readOnce(buffer, done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  /** Writes all of `bytes`. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    requirePosition(position);
    let done = this.#writeDirectly(bytes, position);
    while (done < bytes.length) done += await this.#writeOnce(bytes, done, position + done);
  }

  /** Writes pieces that follow each other with as few calls as the system allows. */
  async writeMany(pieces: readonly Uint8Array[], position: number): Promise<void> {
    requirePosition(position);
    let rest = pieces;
    let at = position;
    while (rest.length > 0) {
      const batch = rest.slice(0, MAX_PIECES);
      this.#pooledWrites = true;
      const count = await this.#call<number>((done) => writev(this.fd, batch, at, done));
      at += count;
      rest = skipBytes(rest, count);
    }
  }

  stat(): Promise<BigIntStats> {
    return this.#call<BigIntStats>((done) => fstat(this.fd, { bigint: true }, done));
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#call((done) => ftruncate(this.fd, sizeBytes, done));
  }

  chmod(mode: number): Promise<void> {
    return this.#call((done) => fchmod(this.fd, mode, done));
  }

  chown(uid: number, gid: number): Promise<void> {
    return this.#call((done) => fchown(this.fd, uid, gid, done));
  }

  setTimes(accessTimeS: number, modifyTimeS: number): Promise<void> {
    return this.#call((done) => futimes(this.fd, accessTimeS, modifyTimeS, done));
  }

  sync(): Promise<void> {
    return this.#call((done) => fsync(this.fd, done));
  }

  /**
   * Idempotent. Waits for calls that still run: a number closed under them could become another file's. Rejects when
   * the system could not keep what was written (network disks say so only here).
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#running === 0 && this.#pace?.isQuick === true && !this.#pooledWrites) {
      this.#closeDirectly(this.#pace);
      return;
    }
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await new Promise<void>((resolve, reject) => {
      close(this.fd, (error) => (error ? reject(toSftpError(error)) : resolve()));
    });
  }

  #readOnce(buffer: Uint8Array, offset: number, position: number): Promise<number> {
    return this.#call<number>((done) => read(this.fd, buffer, offset, buffer.length - offset, position, done));
  }

  /** How much was written at once; 0 when that is for the pool to do. */
  #writeDirectly(bytes: Uint8Array, position: number): number {
    const { length } = bytes;
    if (this.#pace?.isQuick !== true || this.#closed || this.#running > 0 || length > this.#directBytesLeft) return 0;
    this.#directBytesLeft -= length;
    try {
      return this.#pace.watch(() => writeSync(this.fd, bytes, 0, length, position));
    } catch (error) {
      throw toSftpError(error);
    }
  }

  #closeDirectly(pace: DiskPace): void {
    try {
      pace.watch(() => closeSync(this.fd));
    } catch (error) {
      throw toSftpError(error);
    }
  }

  #writeOnce(bytes: Uint8Array, offset: number, position: number): Promise<number> {
    this.#pooledWrites = true;
    return this.#call<number>((done) => write(this.fd, bytes, offset, bytes.length - offset, position, done));
  }

  #call<T = void>(start: (done: (error: Error | null, result?: T) => void) => void): Promise<T> {
    if (this.#closed) return Promise.reject(new SftpError("FAILURE", "the handle is closed"));
    this.#running++;
    return new Promise((resolve, reject) => {
      const done = (error: unknown, result?: T) => {
        if (--this.#running === 0) this.#onIdle?.();
        if (error) reject(toSftpError(error));
        else resolve(result as T);
      };
      try {
        start(done);
      } catch (error) {
        // Node refuses some numbers (a size beyond 2^53) by throwing.
        done(error);
      }
    });
  }
}

// Node takes a position it cannot represent for "wherever the file is now", and would write there.
function requirePosition(position: number): void {
  if (!Number.isSafeInteger(position) || position < 0) throw new SftpError("FAILURE", "no file is that large");
}

/** What is left of `pieces` after their first `count` bytes; empty pieces are left out. */
function skipBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length > left) rest.push(left === 0 ? piece : piece.subarray(left));
    left = Math.max(left - piece.length, 0);
  }
  return rest;
}
