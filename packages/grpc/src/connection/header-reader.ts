import { Http2Error } from "../frames/http2-error.ts";
import { HpackDecoder, HpackError } from "../hpack/index.ts";
import { HeaderList } from "./header-list.ts";
import { HEADER_TABLE_BYTES, MAX_HEADER_LIST_BYTES } from "./settings.ts";

/** Longer blocks hardly ever repeat. */
const MAX_CACHED_BLOCK_BYTES = 512;
const MAX_CACHED_BLOCKS = 128;
const ALWAYS = -1;

interface CachedBlock {
  readonly bytes: Buffer;
  readonly list: HeaderList;
  /** The table version it was decoded at, or ALWAYS when it used no entry of the dynamic table. */
  readonly version: number;
}

/**
 * Decodes header blocks and remembers the small ones: a block seen before, under the same dynamic table, gives the same
 * HeaderList without being decoded again. A block that changes the table is never remembered, for it must be decoded
 * each time.
 */
export class HeaderReader {
  readonly #decoder = new HpackDecoder({
    maxTableSizeBytes: HEADER_TABLE_BYTES,
    maxHeaderListBytes: MAX_HEADER_LIST_BYTES,
  });
  readonly #cache = new Map<number, CachedBlock>();

  /** @throws {Http2Error} COMPRESSION_ERROR: the connection must end. */
  read(bytes: Buffer, start: number, end: number): HeaderList {
    const sizeBytes = end - start;
    if (sizeBytes > MAX_CACHED_BLOCK_BYTES) return this.#decode(bytes.subarray(start, end));
    const hash = hashOf(bytes, start, end);
    const cached = this.#cache.get(hash);
    if (cached !== undefined && this.#isCurrent(cached) && hasBytes(cached.bytes, bytes, start, end))
      return cached.list;
    const block = bytes.subarray(start, end);
    const before = this.#decoder.tableVersion;
    const list = this.#decode(block);
    if (this.#decoder.tableVersion === before && !list.isTooLarge) {
      this.#remember(hash, block, list, this.#decoder.changesTable ? before : ALWAYS);
    }
    return list;
  }

  #isCurrent(cached: CachedBlock): boolean {
    return cached.version === ALWAYS || cached.version === this.#decoder.tableVersion;
  }

  #remember(hash: number, block: Buffer, list: HeaderList, version: number): void {
    if (this.#cache.size >= MAX_CACHED_BLOCKS && !this.#cache.has(hash)) this.#cache.clear();
    this.#cache.set(hash, { bytes: Buffer.from(block), list, version });
  }

  #decode(block: Buffer): HeaderList {
    try {
      return new HeaderList(this.#decoder.decode(block));
    } catch (error) {
      if (HpackError.is(error, "LIST_TOO_LARGE")) return new HeaderList([], true);
      throw new Http2Error("COMPRESSION_ERROR", error instanceof Error ? error.message : String(error));
    }
  }
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return hash;
}

function hasBytes(expected: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (expected.length !== end - start) return false;
  for (let i = 0; i < expected.length; i++) if (expected[i] !== bytes[start + i]) return false;
  return true;
}
