/** Bytes for names that end in `-bin`, printable ASCII for all others. */
export type MetadataValue = string | Uint8Array;

const NAME = /^[0-9a-z_.-]+$/;
const ASCII_VALUE = /^[\x20-\x7e]*$/;

/**
 * Key-value pairs beside the messages of a call. Names are kept in lower case; a name that ends in `-bin` carries
 * bytes, every other name printable ASCII. Order of insertion is kept, a name may have several values.
 */
export class Metadata {
  readonly #entries: [string, MetadataValue][] = [];

  constructor(init: Iterable<readonly [string, MetadataValue]> = []) {
    for (const [name, value] of init) this.append(name, value);
  }

  /** The first text value of that name. */
  get(name: string): string | undefined {
    const value = this.#first(name);
    return typeof value === "string" ? value : undefined;
  }

  /** The first value of that `-bin` name. */
  getBinary(name: string): Uint8Array | undefined {
    const value = this.#first(name);
    return typeof value === "string" ? undefined : value;
  }

  getAll(name: string): readonly MetadataValue[] {
    const key = name.toLowerCase();
    return this.#entries.filter((entry) => entry[0] === key).map((entry) => entry[1]);
  }

  /** Replaces every value of that name. */
  set(name: string, value: MetadataValue): this {
    const entry = checkedEntry(name, value);
    this.delete(entry[0]);
    this.#entries.push(entry);
    return this;
  }

  /** Adds a value after those the name has. Throws TypeError for what cannot travel as a header. */
  append(name: string, value: MetadataValue): this {
    this.#entries.push(checkedEntry(name, value));
    return this;
  }

  delete(name: string): boolean {
    const key = name.toLowerCase();
    const before = this.#entries.length;
    for (let i = before - 1; i >= 0; i--) if (this.#entries[i]![0] === key) this.#entries.splice(i, 1);
    return this.#entries.length < before;
  }

  /** How many values, all names together. */
  get size(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<[string, MetadataValue]> {
    return this.#entries.values();
  }

  #first(name: string): MetadataValue | undefined {
    const key = name.toLowerCase();
    return this.#entries.find((entry) => entry[0] === key)?.[1];
  }
}

/** Whether a peer's entry is one that `append` would take. */
export function isMetadataEntry(name: string, value: MetadataValue): boolean {
  return NAME.test(name) && (typeof value === "string" ? ASCII_VALUE.test(value) : true);
}

function checkedEntry(name: string, value: MetadataValue): [string, MetadataValue] {
  const key = name.toLowerCase();
  if (!NAME.test(key)) {
    throw new TypeError(`metadata name ${JSON.stringify(name)} may hold only 0-9 a-z _ - .`);
  }
  if (key.endsWith("-bin") === (typeof value === "string")) {
    throw new TypeError(`metadata ${key}: names ending in -bin take bytes, all others take text`);
  }
  // The value itself stays out of the message: metadata carries tokens.
  if (typeof value === "string" && !ASCII_VALUE.test(value)) {
    throw new TypeError(`metadata ${key}: text values may hold only printable ASCII`);
  }
  return [key, value];
}
