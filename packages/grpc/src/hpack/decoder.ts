import { DynamicTable } from "./dynamic-table.ts";
import { fieldSizeBytes, type HeaderField } from "./header-field.ts";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman, huffmanMaxDecodedBytes } from "./huffman.ts";
import { FIRST_DYNAMIC_INDEX, STATIC_TABLE } from "./static-table.ts";

/** Integers are lengths, indexes and sizes: none near this is meant, and five more octets can say it (RFC 7541 §5.1). */
const MAX_INTEGER = 0x7fff_ffff;
const MAX_INTEGER_CONTINUATION = 5;

// Coded strings are unpacked here before they become a string; grown when a longer one comes.
let unpacked = Buffer.alloc(1024);

interface HpackDecoderOptions {
  /** The table size we allow, our SETTINGS_HEADER_TABLE_SIZE; the peer may choose any size up to it. */
  readonly maxTableSizeBytes: number;
  /** The header list size we accept (RFC 9113 §6.5.2): name, value and 32 for each field. */
  readonly maxHeaderListBytes: number;
}

/** Decodes header blocks of one connection, in the order received (RFC 7541). */
export class HpackDecoder {
  readonly #maxTableSizeBytes: number;
  readonly #maxHeaderListBytes: number;
  // 4096 until the peer says otherwise, whatever we allow: it has not seen our settings when it starts (RFC 9113 §6.5.2).
  readonly #table = new DynamicTable();
  #changesTable = false;
  #tableVersion = 0;
  #block: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(options: HpackDecoderOptions) {
    this.#maxTableSizeBytes = options.maxTableSizeBytes;
    this.#maxHeaderListBytes = options.maxHeaderListBytes;
  }

  /** Whether the last block changed the dynamic table or used it: the same bytes may mean something else next time. */
  get changesTable(): boolean {
    return this.#changesTable;
  }

  /**
   * Changes whenever the dynamic table does. A block decoded without changing it means the same until it changes, and
   * for ever when `changesTable` was false.
   */
  get tableVersion(): number {
    return this.#tableVersion;
  }

  /**
   * Decodes one whole block. The bytes are not kept. Fields found in a table are the same object each time.
   *
   * @throws {HpackError} `COMPRESSION`: the connection must end. `LIST_TOO_LARGE`: the list is over the limit, but the
   * whole block was read and the table is in step.
   */
  decode(block: Uint8Array): HeaderField[] {
    this.#block = Buffer.isBuffer(block) ? block : Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    this.#offset = 0;
    this.#changesTable = false;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (this.#offset < this.#block.length) {
      const first = this.#block[this.#offset]!;
      if (first >= 0x20 && first < 0x40) {
        this.#updateSize(listBytes > 0);
        continue;
      }
      const field = first >= 0x80 ? this.#readIndexed() : this.#readLiteral(first);
      listBytes += fieldSizeBytes(field.name, field.value);
      if (listBytes <= this.#maxHeaderListBytes) fields.push(field);
    }
    if (listBytes > this.#maxHeaderListBytes) {
      const limit = this.#maxHeaderListBytes;
      throw new HpackError("LIST_TOO_LARGE", `header list of ${listBytes} bytes exceeds the limit of ${limit}`);
    }
    return fields;
  }

  /** §6.3; only before the first field of a block (§4.2). */
  #updateSize(afterField: boolean): void {
    const sizeBytes = this.#readInteger(0x1f);
    if (afterField) throw this.#malformed("table size update after a field");
    if (sizeBytes > this.#maxTableSizeBytes) {
      throw this.#malformed(`table size update to ${sizeBytes}, over the limit of ${this.#maxTableSizeBytes}`);
    }
    this.#changesTable = true;
    this.#tableVersion++;
    this.#table.resize(sizeBytes);
  }

  /** §6.1 */
  #readIndexed(): HeaderField {
    return this.#lookUp(this.#readInteger(0x7f));
  }

  /** §6.2: 01 is added to the table, 0001 is never to be indexed, 0000 is neither. */
  #readLiteral(first: number): HeaderField {
    const indexing = first >= 0x40;
    const nameIndex = this.#readInteger(indexing ? 0x3f : 0x0f);
    const name = nameIndex === 0 ? this.#readString() : this.#lookUp(nameIndex).name;
    const value = this.#readString();
    if (indexing) {
      const field: HeaderField = { name, value };
      this.#changesTable = true;
      this.#tableVersion++;
      this.#table.insert(field);
      return field;
    }
    return first >= 0x10 ? { name, value, sensitive: true } : { name, value };
  }

  #lookUp(index: number): HeaderField {
    if (index < FIRST_DYNAMIC_INDEX) {
      if (index === 0) throw this.#malformed("index 0");
      return STATIC_TABLE[index - 1]!;
    }
    this.#changesTable = true;
    const field = this.#table.at(index - FIRST_DYNAMIC_INDEX);
    if (field === undefined) throw this.#malformed(`index ${index} is past the end of the table`);
    return field;
  }

  #readInteger(prefixMask: number): number {
    const block = this.#block;
    if (this.#offset >= block.length) throw this.#malformed("the block ends where an integer should be");
    let value = block[this.#offset++]! & prefixMask;
    if (value < prefixMask) return value;
    let scale = 1;
    for (let read = 0; read < MAX_INTEGER_CONTINUATION; read++) {
      if (this.#offset >= block.length) throw this.#malformed("the block ends inside an integer");
      const octet = block[this.#offset++]!;
      value += (octet & 0x7f) * scale;
      if (value > MAX_INTEGER) break;
      if (octet < 0x80) return value;
      scale *= 128;
    }
    throw this.#malformed("an integer is too large");
  }

  #readString(): string {
    const coded = this.#offset < this.#block.length && this.#block[this.#offset]! >= 0x80;
    const lengthBytes = this.#readInteger(0x7f);
    const start = this.#offset;
    const end = start + lengthBytes;
    if (end > this.#block.length) throw this.#malformed(`the block ends inside a string of ${lengthBytes} octets`);
    this.#offset = end;
    if (!coded) return this.#block.toString("latin1", start, end);
    const room = huffmanMaxDecodedBytes(lengthBytes);
    const target = room <= unpacked.length ? unpacked : growUnpacked(room);
    const decodedBytes = decodeHuffman(this.#block, start, end, target);
    if (decodedBytes < 0) throw this.#malformed("a string is wrongly coded");
    return target.toString("latin1", 0, decodedBytes);
  }

  #malformed(what: string): HpackError {
    return new HpackError("COMPRESSION", `malformed header block at octet ${this.#offset}: ${what}`);
  }
}

function growUnpacked(sizeBytes: number): Buffer {
  // A giant string gets its own room, so that one hostile block does not keep memory for ever.
  if (sizeBytes > 65_536) return Buffer.allocUnsafe(sizeBytes);
  unpacked = Buffer.alloc(65_536);
  return unpacked;
}
