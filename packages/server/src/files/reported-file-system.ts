import type {
  DirectoryHandle,
  FileAttributes,
  FileHandle,
  FileSystem,
  OpenFlags,
  RenameOptions,
  StatVfs,
  UserGroupNames,
} from "@fairlead/sftp";
import type { ChecksumAlgorithm } from "./checksum.ts";
import type { SessionEvents } from "./session-events.ts";
import type { SessionFileSystem } from "./session-file-system.ts";

/** How a command over SSH ended. */
export interface CommandDone {
  readonly name: string;
  /** What the command was about; empty for one without arguments. */
  readonly path: string;
  readonly elapsedMs: number;
  readonly failure?: unknown;
}

/** A session's files with a log line for everything refused or failed, so that "it does not work" has a reason. */
export class ReportedFileSystem implements FileSystem, AsyncDisposable {
  readonly #files: SessionFileSystem;
  readonly #events: SessionEvents;

  constructor(files: SessionFileSystem, events: SessionEvents) {
    this.#files = files;
    this.#events = events;
  }

  get homeDirectory(): string {
    return this.#files.homeDirectory;
  }

  /** What is told before a transfer is safe before the client hears what came of opening it, whatever that is. */
  async open(path: string, flags: OpenFlags): Promise<FileHandle> {
    try {
      return await this.#events.reported({ operation: "open", path }, this.#files.open(path, flags));
    } finally {
      const settled = this.#events.settled();
      if (settled) await settled;
    }
  }

  openDirectory(path: string): Promise<DirectoryHandle> {
    return this.#events.reported({ operation: "opendir", path }, this.#files.openDirectory(path));
  }

  stat(path: string): Promise<FileAttributes> {
    return this.#events.reported({ operation: "stat", path }, this.#files.stat(path));
  }

  lstat(path: string): Promise<FileAttributes> {
    return this.#events.reported({ operation: "lstat", path }, this.#files.lstat(path));
  }

  setStat(path: string, attributes: FileAttributes): Promise<void> {
    return this.#events.reported({ operation: "setstat", path }, this.#files.setStat(path, attributes));
  }

  setStatNoFollow(path: string, attributes: FileAttributes): Promise<void> {
    return this.#events.reported({ operation: "lsetstat", path }, this.#files.setStatNoFollow(path, attributes));
  }

  remove(path: string): Promise<void> {
    return this.#events.reported({ operation: "remove", path }, this.#files.remove(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#events.reported({ operation: "mkdir", path }, this.#files.makeDirectory(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#events.reported({ operation: "rmdir", path }, this.#files.removeDirectory(path));
  }

  rename(from: string, to: string, options: RenameOptions): Promise<void> {
    const attempt = { operation: "rename", path: from, targetPath: to };
    return this.#events.reported(attempt, this.#files.rename(from, to, options));
  }

  symlink(target: string, linkPath: string): Promise<void> {
    const attempt = { operation: "symlink", path: linkPath, targetPath: target };
    return this.#events.reported(attempt, this.#files.symlink(target, linkPath));
  }

  readLink(path: string): Promise<string> {
    return this.#events.reported({ operation: "readlink", path }, this.#files.readLink(path));
  }

  hardLink(from: string, to: string): Promise<void> {
    const attempt = { operation: "hardlink", path: from, targetPath: to };
    return this.#events.reported(attempt, this.#files.hardLink(from, to));
  }

  realPath(path: string): Promise<string> {
    return this.#events.reported({ operation: "realpath", path }, this.#files.realPath(path));
  }

  statVfs(path: string): Promise<StatVfs> {
    return this.#events.reported({ operation: "statvfs", path }, this.#files.statVfs(path));
  }

  checksum(path: string, algorithm: ChecksumAlgorithm, signal: AbortSignal): Promise<string> {
    return this.#files.checksum(path, algorithm, signal);
  }

  /** Tells plugins and the log that a command has ended. */
  async commandDone({ name, path, elapsedMs, failure }: CommandDone): Promise<void> {
    const status = failure === undefined ? 1 : 2;
    await this.#events.publishDone(
      { action: "ssh_cmd", sshCommand: name, virtualPath: path, elapsedMs, status },
      failure,
    );
  }

  userGroupNames(uids: readonly number[], gids: readonly number[]): Promise<UserGroupNames> {
    return this.#files.userGroupNames(uids, gids);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]();
  }
}
