import { CountedFile } from "./counted-file.ts";

export interface QuotaUsage {
  /** Names: a file with two counts twice. */
  readonly files: number;
  /** Of files, however many names they have. */
  readonly sizeBytes: number;
}

interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The same for all names of one file. */
export function fileIdentity({ dev, ino }: FileId): string {
  return `${dev}:${ino}`;
}

/** What one user has stored, counted as it changes. Shared by all sessions of the user in this process. */
export class QuotaCounter {
  #usage: QuotaUsage;
  readonly #heldFiles = new Map<string, CountedFile>();
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(start: QuotaUsage) {
    this.#usage = start;
  }

  get usage(): QuotaUsage {
    return this.#usage;
  }

  /** Either may be negative. Counts never fall below 0. */
  add(change: QuotaUsage): void {
    this.#usage = {
      files: Math.max(0, this.#usage.files + change.files),
      sizeBytes: Math.max(0, this.#usage.sizeBytes + change.sizeBytes),
    };
  }

  /** The one count of a file, until nobody holds it. */
  countOf(file: FileId): CountedFile {
    const key = fileIdentity(file);
    let count = this.#heldFiles.get(key);
    if (!count) {
      count = new CountedFile({
        add: (sizeBytes) => this.add({ files: 0, sizeBytes }),
        forget: () => this.#heldFiles.delete(key),
      });
      this.#heldFiles.set(key, count);
    }
    return count;
  }

  /** Changes of names go one after the other: who counts what a name was for must be the one who took it. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(work);
    this.#lastTurn = result.catch(() => {});
    return result;
  }
}
