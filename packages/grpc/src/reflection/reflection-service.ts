import { FILE_DESCRIPTORS } from "../gen/descriptors.ts";
import { GrpcError } from "../grpc-error.ts";
import { defineMethod } from "../method.ts";
import type { ServiceRegistrar } from "../server/grpc-server.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import type { FileDescriptor } from "./file-descriptor.ts";
import {
  MAX_REQUEST_BYTES,
  reflectionRequestCodec,
  reflectionResponseCodec,
  type ReflectionAnswer,
  type ReflectionQuestion,
  type ReflectionRequest,
  type ReflectionResponse,
} from "./reflection-messages.ts";

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** What both versions call the same, and mean the same by. */
const METHODS = ["v1", "v1alpha"].map((version) =>
  defineMethod(
    "bidirectional",
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    reflectionRequestCodec,
    reflectionResponseCodec,
  ),
);

/** What a server says about itself. */
export interface ReflectionOptions {
  /** Names of the services to list, asked for at each request: give the server's own `services`. */
  readonly services: () => readonly string[];
  /**
   * Serialized google.protobuf.FileDescriptorProto messages of these services and of what they import. Asked for once,
   * when a tool asks for the first time. Those of grpc.health.v1 and of reflection itself need not be among them. A
   * service without one is still listed, but cannot be described. Default: none.
   */
  readonly descriptors?: () => Iterable<Uint8Array>;
}

/** grpc.reflection.v1 and v1alpha: tools such as grpcurl list, describe and call what a server serves. */
export interface ReflectionService {
  register(server: ServiceRegistrar): void;
}

/** The service of a server that describes itself; costs nothing before a tool asks. */
export function createReflectionService(options: ReflectionOptions): ReflectionService {
  return new ServerReflection(options);
}

class ServerReflection implements ReflectionService {
  readonly #options: ReflectionOptions;
  #index: DescriptorIndex | GrpcError | undefined;

  constructor(options: ReflectionOptions) {
    this.#options = options;
  }

  register(server: ServiceRegistrar): void {
    for (const method of METHODS) server.handleBidi(method, (requests) => this.#answerAll(requests));
  }

  async *#answerAll(requests: AsyncIterable<ReflectionRequest>): AsyncGenerator<ReflectionResponse, void> {
    const sent = new Set<string>();
    for await (const request of requests) {
      const { question, bytes } = request;
      if (bytes.length > MAX_REQUEST_BYTES) {
        throw new GrpcError("INVALID_ARGUMENT", `reflection: a request of more than ${MAX_REQUEST_BYTES} bytes`);
      }
      if (question === undefined) throw new GrpcError("INVALID_ARGUMENT", "reflection: the request asks for nothing");
      yield { request, answer: this.#answer(question, sent) };
    }
  }

  #answer(question: ReflectionQuestion, sent: Set<string>): ReflectionAnswer {
    if (question.kind === "list_services") return { kind: "services", names: [...this.#options.services()].sort() };
    const index = this.#openIndex();
    const files = (file: FileDescriptor | undefined, what: string): ReflectionAnswer =>
      file === undefined ? notFound(what) : { kind: "files", files: index.withDependencies(file, sent) };
    switch (question.kind) {
      case "file_by_filename":
        return files(index.fileByName(question.name), `file ${quote(question.name)}`);
      case "file_containing_symbol":
        return files(index.fileBySymbol(question.name), `symbol ${quote(question.name)}`);
      case "file_containing_extension": {
        const { name, number } = question;
        return files(index.fileByExtension(name, number), `extension ${number} of ${quote(name)}`);
      }
      default: {
        const numbers = index.extensionNumbers(question.name);
        if (numbers === undefined) return notFound(`message ${quote(question.name)}`);
        return { kind: "extensions", baseType: question.name, numbers };
      }
    }
  }

  /** At the first use: a server that nobody asks pays nothing. */
  #openIndex(): DescriptorIndex {
    this.#index ??= this.#readDescriptors();
    if (this.#index instanceof GrpcError) throw this.#index;
    return this.#index;
  }

  #readDescriptors(): DescriptorIndex | GrpcError {
    const own = FILE_DESCRIPTORS.map((text) => Buffer.from(text, "base64"));
    try {
      return new DescriptorIndex([...(this.#options.descriptors?.() ?? []), ...own]);
    } catch (cause) {
      return new GrpcError("INTERNAL", "reflection: a descriptor this server was given cannot be read", { cause });
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
