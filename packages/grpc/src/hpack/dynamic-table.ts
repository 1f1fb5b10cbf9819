import { fieldSizeBytes, type HeaderField } from "./header-field.ts";

/** The table size both sides start with: the default of SETTINGS_HEADER_TABLE_SIZE. */
export const INITIAL_TABLE_SIZE_BYTES = 4096;

/**
 * The fields seen lately, newest first, bounded by size (RFC 7541 §2.3.2, §4).
 *
 * Every insertion gets the next id, so that an encoder can remember where a field is while indexes move; the fields
 * sit in a ring whose length is a power of two.
 */
export class DynamicTable {
  #ring: (HeaderField | undefined)[] = Array.from({ length: 16 }, () => undefined);
  #oldestId = 0;
  #nextId = 0;
  #sizeBytes = 0;
  #capacityBytes = INITIAL_TABLE_SIZE_BYTES;
  readonly #onEvict: ((field: HeaderField, id: number) => void) | undefined;

  constructor(onEvict?: (field: HeaderField, id: number) => void) {
    this.#onEvict = onEvict;
  }

  get count(): number {
    return this.#nextId - this.#oldestId;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get capacityBytes(): number {
    return this.#capacityBytes;
  }

  /** The field at `position`, 0 being the newest; `undefined` past the end. */
  at(position: number): HeaderField | undefined {
    const id = this.#nextId - 1 - position;
    return id < this.#oldestId ? undefined : this.#ring[id & (this.#ring.length - 1)];
  }

  /** Where the field inserted as `id` is now, 0 being the newest; -1 once it is gone. */
  positionOf(id: number): number {
    return id < this.#oldestId ? -1 : this.#nextId - 1 - id;
  }

  /** Inserts and returns the id. A field larger than the table empties it and is not kept: no error (§4.4), -1. */
  insert(field: HeaderField): number {
    const sizeBytes = fieldSizeBytes(field.name, field.value);
    this.#evictDownTo(this.#capacityBytes - sizeBytes);
    if (sizeBytes > this.#capacityBytes) return -1;
    if (this.count === this.#ring.length) this.#grow();
    const id = this.#nextId++;
    this.#ring[id & (this.#ring.length - 1)] = field;
    this.#sizeBytes += sizeBytes;
    return id;
  }

  resize(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
    this.#evictDownTo(capacityBytes);
  }

  #evictDownTo(sizeBytes: number): void {
    const mask = this.#ring.length - 1;
    while (this.#sizeBytes > sizeBytes && this.#oldestId < this.#nextId) {
      const id = this.#oldestId++;
      const field = this.#ring[id & mask]!;
      this.#ring[id & mask] = undefined;
      this.#sizeBytes -= fieldSizeBytes(field.name, field.value);
      this.#onEvict?.(field, id);
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (HeaderField | undefined)[] = Array.from({ length: old.length * 2 }, () => undefined);
    for (let id = this.#oldestId; id < this.#nextId; id++) {
      ring[id & (ring.length - 1)] = old[id & (old.length - 1)];
    }
    this.#ring = ring;
  }
}
