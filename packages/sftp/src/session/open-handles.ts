import type { DirectoryEntry, DirectoryHandle, FileHandle } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";
import { OperationGate } from "./operation-gate.ts";
import { WriteQueue } from "./write-queue.ts";

/** A file a client has open. */
export class OpenFile {
  readonly kind = "file";
  readonly gate = new OperationGate();
  readonly path: string;
  readonly file: FileHandle;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly writes: WriteQueue;

  constructor(
    path: string,
    file: FileHandle,
    access: { readonly read: boolean; readonly write: boolean; readonly append: boolean },
  ) {
    this.path = path;
    this.file = file;
    this.readable = access.read;
    this.writable = access.write;
    this.writes = new WriteQueue(file, access.append);
  }
}

/** A directory a client is listing. */
export class OpenDirectory {
  readonly kind = "directory";
  readonly gate = new OperationGate();
  readonly directory: DirectoryHandle;
  /** Entries fetched that did not fit in the last reply. */
  unsent: readonly DirectoryEntry[] = [];

  constructor(directory: DirectoryHandle) {
    this.directory = directory;
  }
}

export type OpenHandle = OpenFile | OpenDirectory;

/** Places for open handles that several sessions share, because the process can only have so many files open. */
export interface HandleBudget {
  /** Takes a place; false when there is none. */
  take(): boolean;
  /** Called once for every place taken, when the file is closed. */
  giveBack(): void;
}

/**
 * The handles of one session. Numbers count up and are not given out twice, so that a handle used after its CLOSE can
 * never mean another file.
 */
export class OpenHandles {
  readonly #maxHandles: number;
  readonly #budget: HandleBudget | undefined;
  readonly #handles = new Map<number, OpenHandle>();
  #reserved = 0;
  #last = 0;

  constructor(maxHandles: number, budget?: HandleBudget) {
    this.#maxHandles = maxHandles;
    this.#budget = budget;
  }

  get size(): number {
    return this.#handles.size;
  }

  /** Claims a place before something is opened; every reservation ends in `add` or `unreserve`. */
  reserve(): void {
    if (this.#handles.size + this.#reserved >= this.#maxHandles) {
      throw new SftpError("FAILURE", `Too many open handles; the limit is ${this.#maxHandles}`);
    }
    if (this.#budget?.take() === false) {
      throw new SftpError("FAILURE", "Too many open handles; close some of them or try again later");
    }
    this.#reserved += 1;
  }

  unreserve(): void {
    this.#reserved -= 1;
    this.#budget?.giveBack();
  }

  /** Turns a reservation into a handle. */
  add(handle: OpenHandle): number {
    this.#reserved -= 1;
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#handles.has(this.#last));
    this.#handles.set(this.#last, handle);
    return this.#last;
  }

  get(number: number): OpenHandle {
    const handle = this.#handles.get(number);
    if (handle === undefined) throw new SftpError("FAILURE", "Invalid handle");
    return handle;
  }

  file(number: number): OpenFile {
    const handle = this.get(number);
    if (handle.kind !== "file") throw new SftpError("FAILURE", "Handle is not of a file");
    return handle;
  }

  directory(number: number): OpenDirectory {
    const handle = this.get(number);
    if (handle.kind !== "directory") throw new SftpError("FAILURE", "Handle is not of a directory");
    return handle;
  }

  /** Takes a handle out: from now on requests do not find it. Followed by `closed`. */
  remove(number: number): OpenHandle {
    const handle = this.get(number);
    this.#handles.delete(number);
    return handle;
  }

  /** One that was taken out is closed, well or badly. */
  closed(): void {
    this.#budget?.giveBack();
  }

  /** Takes all handles out. Each is followed by `closed`. */
  removeAll(): readonly OpenHandle[] {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    return handles;
  }
}
