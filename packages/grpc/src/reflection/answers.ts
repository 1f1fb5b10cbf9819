/**
 * What reflection needs once a tool asks. Loaded only then, and reaching nothing that the rest of the package uses: a bundler
 * that makes one file of a program would put that off as well.
 */
import { FILE_DESCRIPTORS } from "../gen/descriptors.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import type { FileDescriptor } from "./file-descriptor.ts";
import type { ReflectionAnswer, ReflectionQuestion } from "./reflection-messages.ts";

export { reflectionRequestCodec, reflectionResponseCodec } from "./reflection-messages.ts";

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** These descriptors, and those of the package's own services. Throws TypeError for bytes that are none. */
export function indexDescriptors(descriptors: Iterable<Uint8Array>): DescriptorIndex {
  return new DescriptorIndex([...descriptors, ...FILE_DESCRIPTORS.map((text) => Buffer.from(text, "base64"))]);
}

export interface Answering {
  readonly services: () => readonly string[];
  readonly index: () => DescriptorIndex;
  /** Files that went out on the same stream; added to. */
  readonly sent: Set<string>;
}

export function answer(question: ReflectionQuestion, { services, index, sent }: Answering): ReflectionAnswer {
  if (question.kind === "list_services") return { kind: "services", names: [...services()].sort() };
  const descriptors = index();
  const files = (file: FileDescriptor | undefined, what: string): ReflectionAnswer =>
    file === undefined ? notFound(what) : { kind: "files", files: descriptors.withDependencies(file, sent) };
  switch (question.kind) {
    case "file_by_filename":
      return files(descriptors.fileByName(question.name), `file ${quote(question.name)}`);
    case "file_containing_symbol":
      return files(descriptors.fileBySymbol(question.name), `symbol ${quote(question.name)}`);
    case "file_containing_extension": {
      const { name, number } = question;
      return files(descriptors.fileByExtension(name, number), `extension ${number} of ${quote(name)}`);
    }
    default: {
      const numbers = descriptors.extensionNumbers(question.name);
      if (numbers === undefined) return notFound(`message ${quote(question.name)}`);
      return { kind: "extensions", baseType: question.name, numbers };
    }
  }
}

function notFound(what: string): ReflectionAnswer {
  return { kind: "error", code: NOT_FOUND, message: `this server has no descriptor of ${what}` };
}

/** A name from outside, made fit for a line of text. */
function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
