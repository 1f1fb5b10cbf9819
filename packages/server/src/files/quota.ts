import type { User } from "../domain/user.ts";
import type { Descriptor } from "./descriptor.ts";
import { HeldFile } from "./held-file.ts";
import type { QuotaCounter } from "./quota-counter.ts";

/** Knows what users have stored. Asked only for users with a quota. */
export interface QuotaLedger {
  /** The user's counter; the same one for the same user. */
  open(user: User): Promise<QuotaCounter>;
}

/** A user's limits applied to their counter; an unlimited user has none. */
export class Quota {
  readonly #limits: { readonly sizeBytes: number; readonly files: number };
  readonly #counter: QuotaCounter;

  constructor(user: User, counter: QuotaCounter) {
    this.#limits = { sizeBytes: Number(user.quotaSizeBytes), files: user.quotaFiles };
    this.#counter = counter;
  }

  /** Bytes the user may store in all; undefined when only files are limited. */
  get limitBytes(): number | undefined {
    return this.#limits.sizeBytes > 0 ? this.#limits.sizeBytes : undefined;
  }

  get usedBytes(): number {
    return this.#counter.usage.sizeBytes;
  }

  /** Files the user may store in all; undefined when only bytes are limited. */
  get limitFiles(): number | undefined {
    return this.#limits.files > 0 ? this.#limits.files : undefined;
  }

  get usedFiles(): number {
    return this.#counter.usage.files;
  }

  /** Whether the byte limit is reached: SFTPGo then refuses every upload, also over an existing file. */
  get isFull(): boolean {
    return this.limitBytes !== undefined && this.usedBytes >= this.limitBytes;
  }

  get hasRoomForFile(): boolean {
    return this.limitFiles === undefined || this.usedFiles < this.limitFiles;
  }

  /** Counts a new name; false, and nothing counted, when that is one too many. */
  tryAddFile(): boolean {
    if (!this.hasRoomForFile) return false;
    this.addFiles(1);
    return true;
  }

  /** Counts names that have come or, when negative, gone. */
  addFiles(files: number): void {
    this.#counter.add({ files, sizeBytes: 0 });
  }

  /** Counts what happens to the bytes of an open file until it is released. */
  hold(file: Descriptor, options?: { readonly closes?: boolean }): Promise<HeldFile> {
    const roomBytes = () => (this.limitBytes === undefined ? Infinity : this.limitBytes - this.usedBytes);
    return HeldFile.hold(file, { ...options, counter: this.#counter, roomBytes });
  }

  /** For changes of names: see {@link QuotaCounter.inTurn}. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#counter.inTurn(work);
  }
}

export function hasQuota(user: User): boolean {
  return user.quotaSizeBytes > 0n || user.quotaFiles > 0;
}
