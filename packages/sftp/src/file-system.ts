/**
 * The port between a session and whatever holds the files.
 *
 * Paths arrive absolute and normalised ("/a/b": no "." or "..", no empty parts, no NUL, valid UTF-8, "/" for the root),
 * with two exceptions said where they occur. Every method may throw `SftpError`; its code and message reach the client.
 * Any other error reaches the client as FAILURE without its message.
 *
 * Methods may be called while earlier calls are still running. For one path or handle a session starts calls in the
 * order of the client's requests, and never calls a handle after its `close`.
 */
export interface FileSystem {
  /** Where relative paths start; absolute and normalised. "/" for most. */
  readonly homeDirectory: string;
  open(path: string, flags: OpenFlags, attributes: FileAttributes): Promise<FileHandle>;
  openDirectory(path: string): Promise<DirectoryHandle>;
  /** Follows symbolic links. */
  stat(path: string): Promise<FileAttributes>;
  /** Does not follow a symbolic link in the last part. */
  lstat(path: string): Promise<FileAttributes>;
  setStat(path: string, attributes: FileAttributes): Promise<void>;
  /** `setStat` on the link itself (lsetstat@openssh.com); absent: the extension is not offered. */
  setStatNoFollow?(path: string, attributes: FileAttributes): Promise<void>;
  /** Removes a file or symbolic link, never a directory. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string, attributes: FileAttributes): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** `overwrite` false: an existing `to` is a FAILURE (draft §6.5); true: POSIX rename. */
  rename(from: string, to: string, options: RenameOptions): Promise<void>;
  /** `target` is the client's text as it was sent: it may be relative and may hold "..". It has no NUL and is not empty. */
  symlink(target: string, linkPath: string): Promise<void>;
  hardLink(from: string, to: string): Promise<void>;
  /** The link's text, as the client may see it. */
  readLink(path: string): Promise<string>;
  /** Canonical absolute path. A missing last part is not an error; a missing directory on the way is NO_SUCH_FILE. */
  realPath(path: string): Promise<string>;
  statVfs(path: string): Promise<StatVfs>;
  /** Names for ids, in order, "" for an unknown one; absent: users-groups-by-id@openssh.com is not offered. */
  userGroupNames?(uids: readonly number[], gids: readonly number[]): Promise<UserGroupNames>;
}

/** An open file. Reads may overlap in time; writes come one at a time, and never while something else runs. */
export interface FileHandle {
  /** Fills `buffer` from `position` as far as there are bytes; resolves to the count, 0 only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes`; they are only valid until the promise settles. With the append flag `position` is ignored. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** `write` of several pieces that follow each other (writev); absent: each comes as a `write` of its own. */
  writeMany?(pieces: readonly Uint8Array[], position: number): Promise<void>;
  stat(): Promise<FileAttributes>;
  setStat(attributes: FileAttributes): Promise<void>;
  /** Makes written data durable (fsync). */
  sync(): Promise<void>;
  /**
   * Copies bytes to a handle of the same file system without passing them through the session; EOF when the source ends
   * before `lengthBytes`. Absent, or failing with OP_UNSUPPORTED: the session copies by `read` and `write`.
   */
  copyTo?(target: FileHandle, options: CopyOptions): Promise<void>;
  /** Called exactly once, after every other call has settled. `aborted`: the session ended without the client's CLOSE. */
  close(options?: { readonly aborted?: boolean }): Promise<void>;
}

/** An open directory; calls of one handle never overlap. */
export interface DirectoryHandle {
  /** At most `limit` entries; none means the end. "." and ".." are welcome, and shown as they are. */
  next(limit: number): Promise<readonly DirectoryEntry[]>;
  /** Called exactly once. */
  close(): Promise<void>;
}

/** One name in a directory. */
export interface DirectoryEntry {
  /** One path part. */
  readonly name: string;
  /** The line a client may print (`ls -l`); the session makes one of the attributes when absent. */
  readonly longName?: string;
  readonly attributes: FileAttributes;
}

/** What is known, or is to be set, of a file. Absent members are unknown, or to be left alone. */
export interface FileAttributes {
  readonly sizeBytes?: bigint;
  /** `uid` and `gid` travel together: one without the other is sent as 0. */
  readonly uid?: number;
  readonly gid?: number;
  /** st_mode: permission bits, with type bits when it comes from a file system. */
  readonly mode?: number;
  /** Seconds since 1970, whole, 0…2^32−1. Travels together with `modifyTimeS`. */
  readonly accessTimeS?: number;
  readonly modifyTimeS?: number;
}

/** SSH_FXF_* of an OPEN (draft §6.3). */
export interface OpenFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  readonly create: boolean;
  readonly truncate: boolean;
  readonly exclusive: boolean;
}

/** What to do when there is something under the new name. */
export interface RenameOptions {
  /** Whether it is replaced, at once and as a whole; else the request fails. */
  readonly overwrite: boolean;
}

/** Which part of a file is copied, and where to (copy-data). */
export interface CopyOptions {
  /** Where to begin in the source, bytes. */
  readonly position: number;
  /** 0: to the end of the source. */
  readonly lengthBytes: number;
  /** Where to begin in the target, bytes. */
  readonly targetPosition: number;
  /** Aborted when the session ended: stop early. */
  readonly signal?: AbortSignal;
}

/** Names in the order of the ids that were asked for; "" for one without a name. */
export interface UserGroupNames {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** statvfs(3) as statvfs@openssh.com sends it (OpenSSH PROTOCOL §4.4). */
export interface StatVfs {
  readonly blockSizeBytes: bigint;
  readonly fragmentSizeBytes: bigint;
  /** In units of `fragmentSizeBytes`, as are the two below. */
  readonly blocks: bigint;
  readonly freeBlocks: bigint;
  readonly availableBlocks: bigint;
  readonly files: bigint;
  readonly freeFiles: bigint;
  readonly availableFiles: bigint;
  readonly fileSystemId: bigint;
  readonly readOnly: boolean;
  readonly noSetUid: boolean;
  readonly maxNameBytes: bigint;
}
