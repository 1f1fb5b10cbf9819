import { type FileHandle, type FileSystem, type OpenFlags, SftpError } from "@fairlead/sftp";

import { protocolError, type ScpPeer } from "./scp-peer.ts";

export interface ReceiveOptions {
  /** Where to; absolute. */
  readonly path: string;
  readonly isRecursive: boolean;
  /** Several files come: the target must be a directory that is there. */
  readonly mustBeDirectory: boolean;
}

const REPLACE: OpenFlags = {
  read: false,
  write: true,
  append: false,
  create: true,
  truncate: true,
  exclusive: false,
};
const HEADER = /^[CD]0?[0-7]{3,4} (\d{1,16}) (.+)$/s;

/** What `scp -t` does: takes files, and with `-r` directories, from the client. Rejects when it breaks the protocol. */
export async function receiveFiles(peer: ScpPeer, files: FileSystem, options: ReceiveOptions): Promise<void> {
  const { path, mustBeDirectory } = options;
  const isDirectory = await isExistingDirectory(files, path);
  if (mustBeDirectory && !isDirectory) {
    await peer.complain(path, new SftpError("FAILURE", "not a directory"));
    return;
  }
  await peer.acknowledge();
  const receiver = new Receiver(peer, files, options, isDirectory);
  for (let line = await peer.readLine(); line !== undefined; line = await peer.readLine()) {
    await receiver.handle(line);
  }
}

class Receiver {
  readonly #peer: ScpPeer;
  readonly #files: FileSystem;
  readonly #options: ReceiveOptions;
  /** The directories being filled, innermost last; none: what comes is the target itself. */
  readonly #into: string[];
  readonly #depthOutside: number;

  constructor(peer: ScpPeer, files: FileSystem, options: ReceiveOptions, isDirectory: boolean) {
    this.#peer = peer;
    this.#files = files;
    this.#options = options;
    this.#into = isDirectory ? [options.path] : [];
    this.#depthOutside = this.#into.length;
  }

  async handle(line: string): Promise<void> {
    switch (line[0]) {
      case "T": // times: SFTPGo leaves them alone, too
        await this.#peer.acknowledge();
        return;
      case "C":
        await this.#receiveFile(line);
        return;
      case "D":
        await this.#enterDirectory(line);
        return;
      case "E":
        if (this.#into.length <= this.#depthOutside) {
          throw protocolError("a directory ends that has not begun");
        }
        this.#into.pop();
        await this.#peer.acknowledge();
        return;
      case "\u0001":
        this.#peer.countComplaint();
        return;
      default:
        throw protocolError("not an scp header");
    }
  }

  async #enterDirectory(line: string): Promise<void> {
    const { target } = this.#parse(line);
    try {
      if (!this.#options.isRecursive) {
        throw new SftpError("FAILURE", "a directory, and -r was not given");
      }
      if (!(await isExistingDirectory(this.#files, target))) {
        await this.#files.makeDirectory(target, {});
      }
    } catch (error) {
      await this.#peer.complain(target, error); // the client leaves out what is in it
      return;
    }
    this.#into.push(target);
    await this.#peer.acknowledge();
  }

  async #receiveFile(line: string): Promise<void> {
    const { target, sizeBytes } = this.#parse(line);
    let file: FileHandle;
    try {
      file = await this.#files.open(target, REPLACE, {});
    } catch (error) {
      await this.#peer.complain(target, error); // the client leaves out its content
      return;
    }
    const failure = await this.#receiveContent(file, sizeBytes);
    await (failure === undefined ? this.#peer.acknowledge() : this.#peer.complain(target, failure.error));
  }

  /** Takes all bytes, also when they cannot be written: only then the client listens. */
  async #receiveContent(file: FileHandle, sizeBytes: number): Promise<{ readonly error: unknown } | undefined> {
    let failure: { readonly error: unknown } | undefined;
    let isWhole = false;
    try {
      await this.#peer.acknowledge();
      let position = 0;
      for await (const piece of this.#peer.content(sizeBytes)) {
        failure ??= await failureOf(file.write(piece, position));
        position += piece.length;
      }
      isWhole = await this.#peer.isContent();
    } finally {
      const closing = await failureOf(file.close({ aborted: !isWhole }));
      failure ??= closing;
    }
    return failure;
  }

  #parse(line: string): { readonly target: string; readonly sizeBytes: number } {
    const [, size = "", name = ""] = HEADER.exec(line) ?? [];
    const sizeBytes = Number(size);
    if (size === "" || !Number.isSafeInteger(sizeBytes)) {
      throw protocolError("not an scp header");
    }
    if (name === "." || name === ".." || name.includes("/") || name.includes("\0")) {
      throw protocolError("a name that is a path");
    }
    const directory = this.#into.at(-1);
    const target =
      directory === undefined ? this.#options.path : directory === "/" ? `/${name}` : `${directory}/${name}`;
    return { target, sizeBytes };
  }
}

async function failureOf(work: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function isExistingDirectory(files: FileSystem, path: string): Promise<boolean> {
  try {
    return isDirectoryMode((await files.stat(path)).mode);
  } catch {
    return false; // not there, or not for this user to know: opening says what is wrong
  }
}

/** POSIX's S_IFMT and S_IFDIR. */
export function isDirectoryMode(mode = 0): boolean {
  return (mode & 0o170_000) === 0o040_000;
}
