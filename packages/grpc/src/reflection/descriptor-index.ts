import { parseFileDescriptor, type FileDescriptor } from "./file-descriptor.ts";

/** The descriptors of a server, by all that can be asked for. Of two that declare the same name the first one counts. */
export class DescriptorIndex {
  readonly #files = new Map<string, FileDescriptor>();
  readonly #symbols = new Map<string, FileDescriptor>();
  readonly #messages = new Set<string>();
  /** By extended message, then by number. */
  readonly #extensions = new Map<string, Map<number, FileDescriptor>>();

  /** @throws {TypeError} for bytes that are no FileDescriptorProto. */
  constructor(descriptors: Iterable<Uint8Array>) {
    for (const bytes of descriptors) {
      const file = parseFileDescriptor(bytes);
      if (!this.#files.has(file.name)) this.#add(file);
    }
  }

  fileByName(name: string): FileDescriptor | undefined {
    return this.#files.get(name);
  }

  fileBySymbol(symbol: string): FileDescriptor | undefined {
    return this.#symbols.get(symbol);
  }

  fileByExtension(extendee: string, number: number): FileDescriptor | undefined {
    return this.#extensions.get(extendee)?.get(number);
  }

  /** In rising order; undefined when there is no such message. */
  extensionNumbers(extendee: string): number[] | undefined {
    const numbers = this.#extensions.get(extendee);
    if (numbers === undefined) return this.#messages.has(extendee) ? [] : undefined;
    return [...numbers.keys()].sort((left, right) => left - right);
  }

  /**
   * The file and all it imports, near ones first, without what the stream was `sent` before; those are added to it. An
   * import nobody gave a descriptor for is left out: it is for the asker to miss it.
   */
  withDependencies(file: FileDescriptor, sent: Set<string>): Uint8Array[] {
    const found = new Set([file]);
    // A Set's loop also visits what is added meanwhile.
    for (const { dependencies } of found) {
      for (const name of dependencies) {
        const dependency = this.#files.get(name);
        if (dependency !== undefined) found.add(dependency);
      }
    }
    const fresh = [...found].filter((other) => other === file || !sent.has(other.name));
    for (const { name } of fresh) sent.add(name);
    return fresh.map(({ bytes }) => bytes);
  }

  #add(file: FileDescriptor): void {
    this.#files.set(file.name, file);
    for (const symbol of file.symbols) if (!this.#symbols.has(symbol)) this.#symbols.set(symbol, file);
    for (const message of file.messages) this.#messages.add(message);
    for (const { extendee, number } of file.extensions) {
      const numbers = this.#extensions.get(extendee) ?? new Map<number, FileDescriptor>();
      this.#extensions.set(extendee, numbers);
      if (!numbers.has(number)) numbers.set(number, file);
    }
  }
}
