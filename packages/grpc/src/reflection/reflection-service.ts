import { decodeMessage } from "../calls/marshal.ts";
import { GrpcError } from "../grpc-error.ts";
import { defineMethod } from "../method.ts";
import type { Codec } from "../method.ts";
import type { ServiceRegistrar } from "../server/grpc-server.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";

/** A request is a name or two. It comes back with its answer, so that its size is ours to bound. */
const MAX_REQUEST_BYTES = 16 * 1024;

/** What reads and writes the messages is loaded when the first one comes. */
const asBytes: Codec<Uint8Array> = { encode: (message) => message, decode: (bytes) => bytes };

/** What both versions call the same, and mean the same by. */
const METHODS = ["v1", "v1alpha"].map((version) =>
  defineMethod("bidirectional", `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, asBytes, asBytes),
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

  async *#answerAll(requests: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    // Nearly every server has the service, and nearly none is asked.
    const { answer, indexDescriptors, reflectionRequestCodec, reflectionResponseCodec } = await import("./answers.ts");
    const sent = new Set<string>();
    for await (const bytes of requests) {
      // Millions of fields would keep the process from anything else.
      if (bytes.length > MAX_REQUEST_BYTES) {
        throw new GrpcError("INVALID_ARGUMENT", `reflection: a request of more than ${MAX_REQUEST_BYTES} bytes`);
      }
      const request = decodeMessage(reflectionRequestCodec, bytes);
      const { question } = request;
      if (question === undefined) throw new GrpcError("INVALID_ARGUMENT", "reflection: the request asks for nothing");
      const index = (): DescriptorIndex => this.#openIndex(indexDescriptors);
      const answered = answer(question, { services: this.#options.services, index, sent });
      yield reflectionResponseCodec.encode({ request, answer: answered });
    }
  }

  /** At the first use: a server that nobody asks pays nothing. */
  #openIndex(indexDescriptors: (descriptors: Iterable<Uint8Array>) => DescriptorIndex): DescriptorIndex {
    this.#index ??= this.#readDescriptors(indexDescriptors);
    if (this.#index instanceof GrpcError) throw this.#index;
    return this.#index;
  }

  #readDescriptors(
    indexDescriptors: (descriptors: Iterable<Uint8Array>) => DescriptorIndex,
  ): DescriptorIndex | GrpcError {
    try {
      return indexDescriptors(this.#options.descriptors?.() ?? []);
    } catch (cause) {
      return new GrpcError("INTERNAL", "reflection: a descriptor this server was given cannot be read", { cause });
    }
  }
}
