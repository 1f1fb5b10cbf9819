import type { Dir, Stats } from "node:fs";
import { opendir } from "node:fs/promises";
import type { DirectoryEntry, DirectoryHandle } from "@fairlead/sftp";
import { toAttributes } from "./attributes.ts";
import { toSftpError } from "./file-errors.ts";
import type { OpenHandle } from "./files-context.ts";
import type { Pin } from "./jail/jail.ts";

/** Names asked from the kernel at a time. */
const BATCH = 256;

export interface ListingOptions {
  /** The directory, held until the handle is closed. */
  readonly pin: Pin;
  /** Whether an entry is kept from the user. */
  readonly isHidden: (name: string) => boolean;
  readonly openHandles: Set<OpenHandle>;
  /** Hears why entries could not be read. */
  readonly onFailure: (error: unknown) => void;
}

/** Takes over the pin, also when it fails. */
export async function openListing(options: ListingOptions): Promise<DirectoryHandle> {
  try {
    return new DirectoryListing(await opendir(options.pin.path, { bufferSize: BATCH }), options);
  } catch (error) {
    options.pin.release();
    throw error;
  }
}

class DirectoryListing implements DirectoryHandle {
  readonly #directory: Dir;
  readonly #options: ListingOptions;
  #isAtEnd = false;
  #isClosed = false;

  constructor(directory: Dir, options: ListingOptions) {
    this.#directory = directory;
    this.#options = options;
    options.openHandles.add(this);
  }

  async next(limit: number): Promise<readonly DirectoryEntry[]> {
    try {
      const entries: DirectoryEntry[] = [];
      // A whole batch may be hidden or gone; an empty answer would mean the end.
      while (entries.length === 0 && !this.#isAtEnd) entries.push(...(await this.#describe(await this.#names(limit))));
      return entries;
    } catch (error) {
      this.#options.onFailure(error);
      throw toSftpError(error);
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.openHandles.delete(this);
    this.#options.pin.release();
    await this.#directory.close();
  }

  async #names(limit: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < limit) {
      const entry = this.#options.pin.isQuick ? this.#directory.readSync() : await this.#directory.read();
      if (!entry) {
        this.#isAtEnd = true;
        break;
      }
      if (!this.#options.isHidden(entry.name)) names.push(entry.name);
    }
    return names;
  }

  async #describe(names: readonly string[]): Promise<DirectoryEntry[]> {
    const found = await this.#options.pin.describe(names);
    return names.flatMap((name, index) => toEntry(name, found[index]));
  }
}

// Undefined: removed since it was listed, or a name that is no UTF-8 and so cannot be asked for.
function toEntry(name: string, stats: Stats | undefined): DirectoryEntry[] {
  return stats ? [{ name, attributes: toAttributes(stats) }] : [];
}
