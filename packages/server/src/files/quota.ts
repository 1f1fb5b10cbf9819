import type { User } from "../domain/user.ts";

export interface QuotaUsage {
  readonly files: number;
  readonly sizeBytes: number;
}

/** What one user has stored, counted as it changes. Shared by all sessions of the user in this process. */
export interface QuotaCounter {
  readonly usage: QuotaUsage;
  /** Either may be negative. Counts never fall below 0. */
  add(change: QuotaUsage): void;
}

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

  /** Counts a new file with what is in it; false, and nothing counted, when that is too much. */
  tryAddFile(sizeBytes = 0): boolean {
    if (!this.hasRoomForFile || !this.tryGrow(sizeBytes)) return false;
    this.#counter.add({ files: 1, sizeBytes: 0 });
    return true;
  }

  /** Counts more bytes (or fewer: always allowed); false, and nothing counted, when that is too much. */
  tryGrow(sizeBytes: number): boolean {
    if (sizeBytes > 0 && this.limitBytes !== undefined && this.usedBytes + sizeBytes > this.limitBytes) return false;
    this.#counter.add({ files: 0, sizeBytes });
    return true;
  }

  /** Counts what has happened anyway. */
  record(change: QuotaUsage): void {
    this.#counter.add(change);
  }
}

export function hasQuota(user: User): boolean {
  return user.quotaSizeBytes > 0n || user.quotaFiles > 0;
}
