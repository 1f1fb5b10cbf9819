import { DynamicTable, INITIAL_TABLE_SIZE_BYTES } from "./dynamic-table.ts";
import { fieldSizeBytes, type HeaderField } from "./header-field.ts";
import { HpackError } from "./hpack-error.ts";
import { encodeHuffman, huffmanSizeBytes } from "./huffman.ts";
import { FIRST_DYNAMIC_INDEX, STATIC_TABLE } from "./static-table.ts";

/** Where the fields of one name are. */
interface KnownName {
  /** Its lowest index in the static table, 0 when it is not there. */
  readonly staticIndex: number;
  /** Static index by value. */
  readonly staticValues: ReadonlyMap<string, number>;
  /** Id in the dynamic table by value. */
  readonly values: Map<string, number>;
  /** Id of the newest entry of this name; gone when the table says so. */
  newestId: number;
  /** New values put in the table since one of them was used again. */
  unused: number;
}

/** A name whose last values were never used again (a deadline, an id) is not worth entries that push others out. */
const MAX_UNUSED_VALUES = 4;

/** But methods come again, after however many that a connection begins with and calls once. They are few. */
const ALWAYS_WORTH_ENTRIES = ":path";

/** Short or guessable secrets that a shared table would let an observer probe (RFC 7541 §7.1). */
const SENSITIVE_NAMES: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

// Blocks are written here and copied out: one exact allocation a block.
let scratch = new Uint8Array(1024);

/** Encodes header blocks of one connection, in the order sent (RFC 7541). */
export class HpackEncoder {
  readonly #names = staticNames();
  readonly #table = new DynamicTable((field, id) => this.#forget(field, id));
  // What the peer must be told at the start of the next block: the lowest size in between, then the last one (§4.2).
  #lowestSizeBytes: number | undefined;
  #tableVersion = 0;
  #offset = 0;

  /**
   * Changes whenever the table does. A block encoded without changing it may be sent again as the same bytes until it
   * changes.
   */
  get tableVersion(): number {
    return this.#tableVersion;
  }

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE. We never use more than 4096, whatever is allowed; a size change is
   * written at the start of the next block.
   */
  setMaxTableSizeBytes(sizeBytes: number): void {
    const capacityBytes = Math.min(sizeBytes, INITIAL_TABLE_SIZE_BYTES);
    if (capacityBytes === this.#table.capacityBytes) return;
    this.#lowestSizeBytes = Math.min(this.#lowestSizeBytes ?? capacityBytes, capacityBytes);
    this.#table.resize(capacityBytes);
    this.#tableVersion++;
  }

  /**
   * Encodes one block.
   *
   * @throws {HpackError} `NOT_LATIN1` when a name or value is not made of octets; nothing of the block counts as sent.
   */
  encode(fields: readonly HeaderField[]): Uint8Array {
    this.#offset = 0;
    try {
      if (this.#lowestSizeBytes !== undefined) this.#writeSizeUpdates(this.#lowestSizeBytes);
      for (const field of fields) this.#writeField(field);
    } catch (error) {
      // Fields before the failing one may have been inserted but will never be sent. Forget all: what is inserted from now
      // on has the same index in the peer's table, in front of older fields that are no longer named.
      const { capacityBytes } = this.#table;
      this.#table.resize(0);
      this.#table.resize(capacityBytes);
      this.#tableVersion++;
      throw error;
    }
    this.#lowestSizeBytes = undefined;
    return scratch.slice(0, this.#offset);
  }

  #writeSizeUpdates(lowestSizeBytes: number): void {
    const { capacityBytes } = this.#table;
    this.#reserve(16);
    if (lowestSizeBytes < capacityBytes) this.#writeInteger(0x20, 0x1f, lowestSizeBytes);
    this.#writeInteger(0x20, 0x1f, capacityBytes);
    this.#tableVersion++;
  }

  #writeField(field: HeaderField): void {
    const { name, value } = field;
    this.#reserve(name.length + value.length + 24);
    const known = this.#names.get(name);
    if (field.sensitive === true || SENSITIVE_NAMES.has(name)) {
      this.#writeLiteral(0x10, 0x0f, known, name, value);
      return;
    }
    const index = known === undefined ? 0 : this.#indexOf(known, value);
    if (index !== 0) {
      this.#writeInteger(0x80, 0x7f, index);
    } else if (this.#isWorthAnEntry(known, name, value)) {
      this.#writeLiteral(0x40, 0x3f, known, name, value);
      this.#insert(name, value);
    } else {
      this.#writeLiteral(0x00, 0x0f, known, name, value);
    }
  }

  #indexOf(known: KnownName, value: string): number {
    if (known.staticIndex !== 0) {
      const index = known.staticValues.get(value);
      if (index !== undefined) return index;
    }
    if (known.newestId < 0) return 0;
    const id = known.values.get(value);
    if (id === undefined) return 0;
    known.unused = 0;
    return FIRST_DYNAMIC_INDEX + this.#table.positionOf(id);
  }

  #isWorthAnEntry(known: KnownName | undefined, name: string, value: string): boolean {
    if (known !== undefined && known.unused >= MAX_UNUSED_VALUES && name !== ALWAYS_WORTH_ENTRIES) return false;
    return fieldSizeBytes(name, value) <= this.#table.capacityBytes / 2;
  }

  #writeLiteral(pattern: number, mask: number, known: KnownName | undefined, name: string, value: string): void {
    const nameIndex = known === undefined ? 0 : this.#nameIndexOf(known);
    this.#writeInteger(pattern, mask, nameIndex);
    if (nameIndex === 0) this.#writeString(name);
    this.#writeString(value);
  }

  #nameIndexOf(known: KnownName): number {
    if (known.staticIndex !== 0) return known.staticIndex;
    return FIRST_DYNAMIC_INDEX + this.#table.positionOf(known.newestId);
  }

  #insert(name: string, value: string): void {
    // May evict, and so forget, the name that was just used: looked up again after.
    const id = this.#table.insert({ name, value });
    this.#tableVersion++;
    let known = this.#names.get(name);
    if (known === undefined) {
      known = { staticIndex: 0, staticValues: NO_VALUES, values: new Map(), newestId: -1, unused: 0 };
      this.#names.set(name, known);
    }
    known.values.set(value, id);
    known.newestId = id;
    known.unused++;
  }

  #forget(field: HeaderField, id: number): void {
    const known = this.#names.get(field.name);
    if (known === undefined) return;
    if (known.values.get(field.value) === id) known.values.delete(field.value);
    if (known.newestId !== id) return;
    known.newestId = -1;
    known.unused = 0;
    if (known.staticIndex === 0) this.#names.delete(field.name);
  }

  #writeString(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) > 0xff) {
        throw new HpackError("NOT_LATIN1", `a header field holds a character that is not one octet, at ${i}`);
      }
    }
    const codedBytes = huffmanSizeBytes(text);
    if (codedBytes < text.length) {
      this.#writeInteger(0x80, 0x7f, codedBytes);
      this.#offset = encodeHuffman(text, scratch, this.#offset);
      return;
    }
    this.#writeInteger(0x00, 0x7f, text.length);
    for (let i = 0; i < text.length; i++) scratch[this.#offset++] = text.charCodeAt(i);
  }

  #writeInteger(pattern: number, mask: number, value: number): void {
    if (value < mask) {
      scratch[this.#offset++] = pattern | value;
      return;
    }
    scratch[this.#offset++] = pattern | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) scratch[this.#offset++] = 0x80 | (rest & 0x7f);
    scratch[this.#offset++] = rest;
  }

  #reserve(sizeBytes: number): void {
    if (this.#offset + sizeBytes <= scratch.length) return;
    const larger = new Uint8Array(Math.max(scratch.length * 2, this.#offset + sizeBytes));
    larger.set(scratch.subarray(0, this.#offset));
    scratch = larger;
  }
}

const NO_VALUES: ReadonlyMap<string, number> = new Map();

// The same for every connection; only the changing parts are made anew.
const STATIC_NAMES: ReadonlyMap<string, Pick<KnownName, "staticIndex" | "staticValues">> = indexStaticTable();

function staticNames(): Map<string, KnownName> {
  const names = new Map<string, KnownName>();
  for (const [name, { staticIndex, staticValues }] of STATIC_NAMES) {
    names.set(name, { staticIndex, staticValues, values: new Map(), newestId: -1, unused: 0 });
  }
  return names;
}

function indexStaticTable(): Map<string, { staticIndex: number; staticValues: Map<string, number> }> {
  const names = new Map<string, { staticIndex: number; staticValues: Map<string, number> }>();
  for (const [position, { name, value }] of STATIC_TABLE.entries()) {
    const known = names.get(name) ?? { staticIndex: position + 1, staticValues: new Map<string, number>() };
    known.staticValues.set(value, position + 1);
    names.set(name, known);
  }
  return names;
}
