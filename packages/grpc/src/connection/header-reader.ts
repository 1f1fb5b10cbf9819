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
  #version = 0;

  /** @throws {Http2Error} COMPRESSION_ERROR: the connection must end. */
  read(bytes: Buffer, start: number, end: number): HeaderList {
    const sizeBytes = end - start;
    if (sizeBytes > MAX_CACHED_BLOCK_BYTES) return this.#decode(bytes.subarray(start, end));
    const hash = hashOf(bytes, start, end);
    const cached = this.#cache.get(hash);
    if (cached !== undefined && this.#isCurrent(cached) && hasBytes(cached.bytes, bytes, start, end))
      return cached.list;
    const block = bytes.subarray(start, end);
    const list = this.#decode(block);
    const version = this.#decoder.changesTable ? this.#version : ALWAYS;
    if (!list.isTooLarge && (version === ALWAYS || !changesTable(block))) this.#remember(hash, block, list, version);
    return list;
  }

  #isCurrent(cached: CachedBlock): boolean {
    return cached.version === ALWAYS || cached.version === this.#version;
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
    } finally {
      if (this.#decoder.changesTable && changesTable(block)) this.#version++;
    }
  }
}

/**
 * Whether a block inserts into the dynamic table or resizes it: walks over its representations (RFC 7541 §6) without
 * decoding them. Only asked for blocks that decode; anything odd counts as a change.
 */
function changesTable(block: Buffer): boolean {
  let at = 0;
  while (at < block.length) {
    const first = block[at]!;
    if (first >= 0x80) {
      at = afterInteger(block, at, 0x7f).at;
      continue;
    }
    if (first >= 0x20) return true;
    const name = afterInteger(block, at, 0x0f);
    at = name.at;
    if (name.value === 0) at = afterString(block, at);
    at = afterString(block, at);
  }
  return false;
}

function afterString(block: Buffer, at: number): number {
  const length = afterInteger(block, at, 0x7f);
  return length.at + length.value;
}

function afterInteger(block: Buffer, at: number, mask: number): { readonly at: number; readonly value: number } {
  let value = (block[at] ?? 0) & mask;
  let next = at + 1;
  if (value < mask) return { at: next, value };
  for (let scale = 1; ; scale *= 128) {
    const octet = block[next++] ?? 0;
    value += (octet & 0x7f) * scale;
    if (octet < 0x80) return { at: next, value };
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
