import { HpackEncoder, type HeaderField } from "../hpack/index.ts";

const MAX_CACHED_BLOCKS = 256;

interface CachedBlock {
  readonly bytes: Uint8Array;
  readonly tableVersion: number;
}

/**
 * Encodes the fields that repeat through the dynamic table, and keeps the block once encoding it changes the table no
 * more. What varies from call to call is written around it as literals (`literal-field.ts`), which leave the table as
 * it is.
 */
export class HeaderWriter {
  readonly #encoder = new HpackEncoder();
  readonly #cache = new Map<string, CachedBlock>();

  setMaxTableSizeBytes(sizeBytes: number): void {
    this.#encoder.setMaxTableSizeBytes(sizeBytes);
  }

  /** The block of these fields, which must always be the same for `key`. To be sent at once: blocks have an order. */
  block(key: string, fields: (key: string) => readonly HeaderField[]): Uint8Array {
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.tableVersion === this.#encoder.tableVersion) return cached.bytes;
    const before = this.#encoder.tableVersion;
    const bytes = this.#encoder.encode(fields(key));
    if (this.#encoder.tableVersion === before) {
      if (this.#cache.size >= MAX_CACHED_BLOCKS) this.#cache.clear();
      this.#cache.set(key, { bytes, tableVersion: before });
    }
    return bytes;
  }
}
