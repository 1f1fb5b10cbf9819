import type { BigIntStats } from "node:fs";

/** What the count of one file tells the count of them all. */
interface CountOwner {
  add(sizeBytes: number): void;
  forget(): void;
}

/** The file as the system sees it now. */
type Look = () => Promise<BigIntStats>;

/**
 * The bytes of one file as its user's quota counts them. Everybody who has the file open or takes a name from it holds
 * the same one, so that no byte counts twice and none is given back twice. The last to let go sets the count right by
 * what the file really has become.
 */
export class CountedFile {
  readonly #owner: CountOwner;
  #known: Promise<void> | undefined;
  #holders = 0;
  /** Goes up with every hold, so that a look at the file taken before is known to be old. */
  #holds = 0;
  /** How large the file may be by now; of this, {@link #chargedBytes} are counted. */
  #sizeBytes = 0;
  #chargedBytes = 0;
  /** Bytes that cost nothing, because a file that will be replaced is counted with them. */
  #freeBytes = 0;
  #isLent = false;
  #running = 0;
  /** The furthest end of the changes since none was running. */
  #furthestEnd = 0;

  constructor(owner: CountOwner) {
    this.#owner = owner;
  }

  /** Every hold must end in {@link release}, also one that failed. */
  async hold(look: Look): Promise<void> {
    this.#holders++;
    this.#holds++;
    // Asked for only once it is held: from here on, nobody changes the file without it being counted here.
    this.#known ??= this.#measure(look);
    await this.#known;
  }

  /** Lends its bytes to the one upload that is to replace the file; undefined when they are lent already. */
  lend(): number | undefined {
    if (this.#isLent) return undefined;
    this.#isLent = true;
    return this.#chargedBytes;
  }

  /** By who lent them. */
  takeBack(): void {
    this.#isLent = false;
  }

  /** That many bytes of it cost nothing until {@link repay}. */
  borrow(sizeBytes: number): void {
    this.#freeBytes = sizeBytes;
  }

  /** Whether what it borrowed fits into `roomBytes`; if so, it is counted now. */
  tryRepay(roomBytes: number): boolean {
    const owedBytes = this.#sizeBytes - this.#chargedBytes;
    if (owedBytes > 0 && owedBytes > roomBytes) return false;
    this.repay();
    return true;
  }

  repay(): void {
    this.#freeBytes = 0;
    this.#charge(this.#sizeBytes);
  }

  /** Counts a change that makes the file `endBytes` long, unless that costs more than `roomBytes`. */
  tryBegin(endBytes: number, roomBytes: number): boolean {
    const sizeBytes = Math.max(endBytes, this.#sizeBytes);
    const costBytes = this.#priceOf(sizeBytes) - this.#chargedBytes;
    if (costBytes > 0 && costBytes > roomBytes) return false;
    this.#charge(sizeBytes);
    this.#running++;
    this.#furthestEnd = Math.max(this.#furthestEnd, endBytes);
    return true;
  }

  /** The change is over. `cutToBytes`: it cut the file to that size, or to where a change at the same time ended. */
  end(cutToBytes?: number): void {
    // Cut off: what it may still do was counted when it was let go.
    if (this.#holders === 0) return;
    // What is lent must not be given away a second time.
    if (cutToBytes !== undefined && !this.#isLent) {
      const sizeBytes = Math.max(cutToBytes, this.#furthestEnd);
      if (sizeBytes < this.#sizeBytes) this.#charge(sizeBytes);
    }
    if (--this.#running === 0) this.#furthestEnd = 0;
  }

  /** Resolves to what the file has become. */
  async release(look: Look): Promise<BigIntStats> {
    for (;;) {
      const holds = this.#holds;
      let stats: BigIntStats;
      try {
        stats = await look();
      } catch (error) {
        this.#letGo();
        throw error;
      }
      // Who came meanwhile may have changed the file and left again.
      if (this.#holders === 1 && this.#holds !== holds) continue;
      if (this.#holders === 1) this.#settle(stats);
      this.#letGo();
      return stats;
    }
  }

  async #measure(look: Look): Promise<void> {
    const { size, nlink } = await look();
    const sizeBytes = Number(size);
    // Removed since it was opened: its bytes were given back, and are still on the disk.
    if (nlink === 0n) this.#charge(sizeBytes);
    else this.#sizeBytes = this.#chargedBytes = sizeBytes;
  }

  #settle({ size, nlink }: BigIntStats): void {
    const sizeBytes = nlink === 0n ? 0 : Math.max(Number(size), this.#furthestEnd);
    this.#charge(sizeBytes);
  }

  #letGo(): void {
    if (--this.#holders === 0) this.#owner.forget();
  }

  #priceOf(sizeBytes: number): number {
    return Math.max(sizeBytes - this.#freeBytes, 0);
  }

  #charge(sizeBytes: number): void {
    const priceBytes = this.#priceOf(sizeBytes);
    this.#owner.add(priceBytes - this.#chargedBytes);
    this.#sizeBytes = sizeBytes;
    this.#chargedBytes = priceBytes;
  }
}
