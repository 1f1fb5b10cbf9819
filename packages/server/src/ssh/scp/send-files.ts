import {
  type DirectoryHandle,
  type FileHandle,
  type FileSystem,
  type HandleBudget,
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
  /** Directories are held open while what is in them is sent. */
  readonly handleBudget: HandleBudget;
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
      if (/^$|[\n\r]/.test(nameOf(path))) {
        throw new SftpError("FAILURE", "a name that scp cannot send");
      }
      const { mode = 0 } = await this.#files.stat(path);
      if (!isDirectoryMode(mode)) {
        return { file: await this.#files.open(path, READ, {}) };
      }
      if (!this.#options.isRecursive || depth >= MAX_DEPTH) {
        throw new SftpError("FAILURE", depth === 0 ? "not a regular file" : "too deep");
      }
      return { directory: await this.#openDirectory(path), mode };
    } catch (error) {
      return { error };
    }
  }

  async #openDirectory(path: string): Promise<DirectoryHandle> {
    const { handleBudget } = this.#options;
    if (!handleBudget.take()) {
      throw new SftpError("FAILURE", "too many open files");
    }
    try {
      return await this.#files.openDirectory(path);
    } catch (error) {
      handleBudget.giveBack();
      throw error;
    }
  }

  async #sendDirectory(path: string, { directory, mode }: OpenedDirectory, depth: number): Promise<void> {
    try {
      await this.#peer.write(Buffer.from(`D${octal(mode)} 0 ${nameOf(path)}\n`));
      if (!(await this.#peer.isContent())) {
        return;
      }
      for (let names = await this.#next(path, directory); names.length > 0;) {
        for (const name of names) {
          await this.send(`${path}/${name}`, depth + 1);
        }
        names = await this.#next(path, directory);
      }
      await this.#peer.write(Buffer.from("E\n"));
      await this.#peer.isContent();
    } finally {
      this.#options.handleBudget.giveBack();
      await directory.close();
    }
  }

  /** Names of the next entries; none when there are no more, or they cannot be read. */
  async #next(path: string, directory: DirectoryHandle): Promise<readonly string[]> {
    for (;;) {
      let entries: readonly { readonly name: string }[];
      try {
        entries = await directory.next(ENTRIES_AT_ONCE);
      } catch (error) {
        await this.#peer.complain(path, error);
        return [];
      }
      const names = entries.map(({ name }) => name).filter((name) => name !== "." && name !== "..");
      if (names.length > 0 || entries.length === 0) {
        return names;
      }
    }
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

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
