/** Calls that may be cancelled at once while their answers are still on the way. */
const MAX_IDS = 8192;

/** The last stream ids that were added; older ones are forgotten. */
export class RecentIds {
  readonly #ids = new Set<number>();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  add(id: number): void {
    if (this.#ids.size >= MAX_IDS) for (const oldest of this.#ids) if (this.#ids.delete(oldest)) break;
    this.#ids.add(id);
  }
}
