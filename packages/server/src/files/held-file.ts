import type { BigIntStats } from "node:fs";
import type { CountedFile } from "./counted-file.ts";
import type { Descriptor } from "./descriptor.ts";
import { limitExceeded } from "./file-errors.ts";
import type { QuotaCounter } from "./quota-counter.ts";

/** Where a held file's bytes are counted, and how many more there is room for. */
interface HoldOptions {
  readonly counter: QuotaCounter;
  readonly roomBytes: () => number;
  /** Whether the file is closed when it is released. Default false. */
  readonly closes?: boolean;
}

/** An open file whose bytes count towards a quota. */
export class HeldFile {
  readonly #file: Descriptor;
  readonly #count: CountedFile;
  readonly #options: HoldOptions;
  /** Names the file had when it was held. */
  readonly names: bigint;
  #replaced: HeldFile | undefined;
  /** Whether its bytes are lent through this hold of it. */
  #lends = false;

  private constructor(file: Descriptor, count: CountedFile, names: bigint, options: HoldOptions) {
    this.#file = file;
    this.#count = count;
    this.names = names;
    this.#options = options;
  }

  /** Must be released, before the file is closed by others. */
  static async hold(file: Descriptor, options: HoldOptions): Promise<HeldFile> {
    const stats = await file.stat();
    const count = options.counter.countOf(stats);
    const held = new HeldFile(file, count, stats.nlink, options);
    try {
      await count.hold(() => file.stat());
      return held;
    } catch (error) {
      await held.release().catch(() => {});
      throw error;
    }
  }

  /** Counts a change that makes the file `endBytes` long; false, and nothing counted, when that is too much. */
  tryBegin(endBytes: number): boolean {
    return this.#count.tryBegin(endBytes, this.#options.roomBytes());
  }

  /** After each {@link tryBegin} that was let through. `cutToBytes`: the size the file was cut to. */
  end(cutToBytes?: number): void {
    this.#count.end(cutToBytes);
  }

  /** Sets the size of the file; refused when that is too much. */
  async truncate(sizeBytes: number): Promise<void> {
    if (!this.tryBegin(sizeBytes)) throw limitExceeded();
    let cutToBytes: number | undefined;
    try {
      await this.#file.truncate(sizeBytes);
      cutToBytes = sizeBytes;
    } finally {
      this.end(cutToBytes);
    }
  }

  /**
   * This file is to take the place of `replaced`: as many bytes as that one has cost nothing until then. Takes over
   * `replaced`, which is released with this one.
   */
  replace(replaced: HeldFile): void {
    this.#replaced = replaced;
    // With another name the file stays when it is replaced.
    const lentBytes = replaced.names === 1n ? replaced.#count.lend() : undefined;
    if (lentBytes === undefined) return;
    replaced.#lends = true;
    this.#count.borrow(lentBytes);
  }

  /**
   * Asked before this file gets a name that `taken` has: whether that makes the room this one has borrowed, or there
   * is room for both.
   */
  fitsInPlaceOf(taken: HeldFile | undefined): boolean {
    const replaced = this.#replaced;
    if (!replaced) return true;
    const goesAway = taken !== undefined && taken.#count === replaced.#count && taken.names === 1n;
    return goesAway || this.tryPay();
  }

  /** Counts what it has borrowed; false when there is no room for that. */
  tryPay(): boolean {
    return this.#count.tryRepay(this.#options.roomBytes());
  }

  /** Resolves to what the file has become. */
  async release(): Promise<BigIntStats> {
    const replaced = this.#replaced;
    try {
      if (this.#lends) this.#count.takeBack();
      if (replaced) this.#count.repay();
      return await this.#count.release(() => this.#file.stat());
    } finally {
      if (this.#options.closes === true) await this.#file.close();
      await replaced?.release();
    }
  }
}
