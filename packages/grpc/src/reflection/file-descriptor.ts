import { readFields, textOf } from "./wire-fields.ts";

/** An extension and the message it extends, fully qualified and without a leading dot. */
export interface ExtensionName {
  readonly extendee: string;
  readonly number: number;
}

/** What reflection needs to know of a google.protobuf.FileDescriptorProto. */
export interface FileDescriptor {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** All it declares, fully qualified: services and methods, messages and their fields, enums and their values, … */
  readonly symbols: readonly string[];
  /** The messages among them. */
  readonly messages: readonly string[];
  readonly extensions: readonly ExtensionName[];
  readonly bytes: Uint8Array;
}

/** protoc itself stops at 32 levels. */
const MAX_NESTING = 64;

/** @throws {TypeError} for bytes that are no FileDescriptorProto. */
export function parseFileDescriptor(bytes: Uint8Array): FileDescriptor {
  let name = "";
  let packageName = "";
  const dependencies: string[] = [];
  const fields = [...readFields(bytes)];
  for (const field of fields) {
    if (field.number === 1) name = textOf(field) ?? "";
    if (field.number === 2) packageName = textOf(field) ?? "";
    if (field.number === 3) dependencies.push(textOf(field) ?? "");
  }
  if (name === "") throw new TypeError("a file descriptor has no name");
  const found = new Declarations();
  for (const { number, value } of fields) {
    if (typeof value === "number") continue;
    if (number === 4) found.addMessage(packageName, value, 0);
    if (number === 5) found.addEnum(packageName, value);
    if (number === 6) found.addService(packageName, value);
    if (number === 7) found.addExtension(packageName, value);
  }
  const { symbols, messages, extensions } = found;
  return { name, dependencies, symbols, messages, extensions, bytes };
}

/** Collects the names while it walks; the numbers of the fields are those of descriptor.proto. */
class Declarations {
  readonly symbols: string[] = [];
  readonly messages: string[] = [];
  readonly extensions: ExtensionName[] = [];

  /** DescriptorProto: field = 2, nested_type = 3, enum_type = 4, extension = 6, oneof_decl = 8. */
  addMessage(scope: string, bytes: Uint8Array, depth: number): void {
    if (depth > MAX_NESTING) throw new TypeError(`a file descriptor nests messages deeper than ${MAX_NESTING} levels`);
    const name = this.#add(scope, bytes);
    this.messages.push(name);
    for (const { number, value } of readFields(bytes)) {
      if (typeof value === "number") continue;
      if (number === 2 || number === 8) this.#add(name, value);
      if (number === 3) this.addMessage(name, value, depth + 1);
      if (number === 4) this.addEnum(name, value);
      if (number === 6) this.addExtension(name, value);
    }
  }

  /** EnumDescriptorProto: value = 2. Values live beside their enum, not in it. */
  addEnum(scope: string, bytes: Uint8Array): void {
    this.#add(scope, bytes);
    for (const { number, value } of readFields(bytes)) {
      if (number === 2 && typeof value !== "number") this.#add(scope, value);
    }
  }

  /** ServiceDescriptorProto: method = 2. */
  addService(scope: string, bytes: Uint8Array): void {
    const name = this.#add(scope, bytes);
    for (const { number, value } of readFields(bytes)) {
      if (number === 2 && typeof value !== "number") this.#add(name, value);
    }
  }

  /** FieldDescriptorProto: extendee = 2, number = 3. */
  addExtension(scope: string, bytes: Uint8Array): void {
    this.#add(scope, bytes);
    let extendee = "";
    let extension = 0;
    for (const field of readFields(bytes)) {
      if (field.number === 2) extendee = (textOf(field) ?? "").replace(/^\./, "");
      if (field.number === 3 && typeof field.value === "number") extension = field.value;
    }
    this.extensions.push({ extendee, number: extension });
  }

  /** `name = 1`, in all descriptors. */
  #add(scope: string, bytes: Uint8Array): string {
    let name = "";
    for (const field of readFields(bytes)) if (field.number === 1) name = textOf(field) ?? "";
    const fullName = scope === "" ? name : `${scope}.${name}`;
    this.symbols.push(fullName);
    return fullName;
  }
}
