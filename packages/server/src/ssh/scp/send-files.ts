import {
  type DirectoryEntry,
  type DirectoryHandle,
  type FileHandle,
  type FileSystem,
  type OpenFlags,
  SftpError,
} from "@fairlead/sftp";

import { nameOf } from "../../domain/virtual-path.ts";
import { isDirectoryMode } from "./receive-files.ts";
import type { ScpPeer } from "./scp-peer.ts";

export interface SendOptions {
  /** What; absolute. */
  readonly path: string;
  readonly isRecursive: boolean;
  /** What the client is to call the root, which has no name of its own. */
  readonly rootName: string;
}

const READ: OpenFlags = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};
const CHUNK_BYTES = 128 * 1024;
const ENTRIES_AT_ONCE = 100;
/** A link to a directory above would lead round and round. */
const MAX_DEPTH = 64;
/** In one directory; their names are kept while its files are sent. */
const MAX_DIRECTORIES = 10_000;

/** What `scp -f` does: sends a file, or with `-r` a directory, to the client. Rejects when it breaks the protocol. */
export async function sendFiles(peer: ScpPeer, files: FileSystem, options: SendOptions): Promise<void> {
  await peer.isContent(); // the client is ready
  await new Sender(peer, files, options).send(options.path, 0);
}

class Sender {
  readonly #peer: ScpPeer;
  readonly #files: FileSystem;
  readonly #options: SendOptions;

  constructor(peer: ScpPeer, files: FileSystem, options: SendOptions) {
    this.#peer = peer;
    this.#files = files;
    this.#options = options;
  }

  async send(path: string, depth: number): Promise<void> {
    const opened = await this.#open(path, depth);
    if ("error" in opened) {
      await this.#peer.complain(path, opened.error);
    } else if ("file" in opened) {
      await this.#sendFile(path, opened.file);
    } else {
      await this.#sendDirectory(path, opened, depth);
    }
  }

  async #open(path: string, depth: number): Promise<OpenedFile | OpenedDirectory | { readonly error: unknown }> {
    try {
      if (/^$|[\n\r/]/.test(this.#nameOf(path))) {
        throw new SftpError("FAILURE", "a name that scp cannot send");
      }
      const { mode = 0 } = await this.#files.stat(path);
      if (!isDirectoryMode(mode)) {
        return { file: await this.#files.open(path, READ, {}) };
      }
      if (!this.#options.isRecursive || depth >= MAX_DEPTH) {
        throw new SftpError("FAILURE", depth === 0 ? "not a regular file" : "too deep");
      }
      return { directory: await this.#files.openDirectory(path), mode };
    } catch (error) {
      return { error };
    }
  }

  /** Files first, as SFTPGo sends them; so only one directory is open at a time. */
  async #sendDirectory(path: string, { directory, mode }: OpenedDirectory, depth: number): Promise<void> {
    let others: readonly string[];
    try {
      await this.#peer.write(Buffer.from(`D${octal(mode)} 0 ${this.#nameOf(path)}\n`));
      if (!(await this.#peer.isContent())) {
        return;
      }
      others = await this.#sendFilesIn(path, directory, depth);
    } finally {
      await directory.close();
    }
    for (const name of others) {
      await this.send(childOf(path, name), depth + 1);
    }
    await this.#peer.write(Buffer.from("E\n"));
    await this.#peer.isContent();
  }

  /** Returns the names of what is no file: directories, and links that may lead to one. */
  async #sendFilesIn(path: string, directory: DirectoryHandle, depth: number): Promise<readonly string[]> {
    const others: string[] = [];
    for (let entries = await this.#next(path, directory); entries.length > 0;) {
      for (const { name, attributes } of entries) {
        if (name === "." || name === "..") continue;
        if (isFileMode(attributes.mode)) await this.send(childOf(path, name), depth + 1);
        else others.push(name);
      }
      entries = await this.#next(path, directory);
      if (others.length > MAX_DIRECTORIES) {
        await this.#peer.complain(path, new SftpError("FAILURE", "too many directories"));
        return [];
      }
    }
    return others;
  }

  /** The next entries; none when there are no more, or they cannot be read. */
  async #next(path: string, directory: DirectoryHandle): Promise<readonly DirectoryEntry[]> {
    try {
      return await directory.next(ENTRIES_AT_ONCE);
    } catch (error) {
      await this.#peer.complain(path, error);
      return [];
    }
  }

  #nameOf(path: string): string {
    return path === "/" ? this.#options.rootName : nameOf(path);
  }

  async #sendFile(path: string, file: FileHandle): Promise<void> {
    let isAborted = true;
    try {
      const { sizeBytes = 0n, mode = 0 } = await file.stat();
      await this.#peer.write(Buffer.from(`C${octal(mode)} ${sizeBytes} ${nameOf(path)}\n`));
      if (await this.#peer.isContent()) {
        const failure = await this.#sendContent(file, Number(sizeBytes));
        isAborted = false;
        await (failure === undefined ? this.#peer.acknowledge() : this.#peer.complain(path, failure.error));
        await this.#peer.isContent();
      }
    } finally {
      await file.close({ aborted: isAborted });
    }
  }

  /** As many bytes as were announced, whatever became of the file. */
  async #sendContent(file: FileHandle, sizeBytes: number): Promise<{ readonly error: unknown } | undefined> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let failure: { readonly error: unknown } | undefined;
    for (let position = 0; position < sizeBytes;) {
      const room = buffer.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - position));
      let count = 0;
      try {
        count = failure === undefined ? await file.read(room, position) : 0;
      } catch (error) {
        failure = { error };
      }
      if (count === 0) {
        failure ??= { error: new SftpError("FAILURE", "the file has become shorter") };
        count = room.length;
        room.fill(0);
      }
      await this.#peer.write(room.subarray(0, count));
      position += count;
    }
    return failure;
  }
}

interface OpenedFile {
  readonly file: FileHandle;
}

interface OpenedDirectory {
  readonly directory: DirectoryHandle;
  readonly mode: number;
}

function childOf(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}

/** POSIX's S_IFMT and S_IFREG. */
function isFileMode(mode = 0): boolean {
  return (mode & 0o170_000) === 0o100_000;
}
