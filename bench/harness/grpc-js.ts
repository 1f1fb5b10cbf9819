/**
 * @grpc/grpc-js, the usual gRPC stack of Node, to be measured beside ours. It is installed when it is first needed, into a
 * folder of its own: no dependency of Fairlead's, and nothing of it in the lock file.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Codec, Method } from "@fairlead/grpc";

const VERSION = "1.14.7";
const folder = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "fairlead", `grpc-js-${VERSION}`);

/** Installs it unless it is there. @returns the folder it is in, or why it cannot be measured */
export async function installGrpcJs(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  if (existsSync(join(folder, "node_modules"))) return { folder };
  await mkdir(folder, { recursive: true });
  const args = [
    "install",
    "--prefix",
    folder,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    `@grpc/grpc-js@${VERSION}`,
  ];
  try {
    await promisify(execFile)("npm", args);
    return { folder };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { missing: `cannot install @grpc/grpc-js: ${reason}` };
  }
}

type Callback<Res> = (error: Error | null, response: Res) => void;

/** As much of a stream as is used here. */
export interface GrpcJsStream extends AsyncIterable<Uint8Array> {
  write(message: unknown): boolean;
  end(): void;
  once(event: "drain", listener: () => void): void;
}

interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: never) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (message: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

export interface GrpcJsClient {
  makeUnaryRequest<Req, Res>(
    path: string,
    serialize: (message: Req) => Buffer,
    deserialize: (bytes: Buffer) => Res,
    request: Req,
    callback: Callback<Res>,
  ): void;
  makeClientStreamRequest<Res>(
    path: string,
    serialize: (message: never) => Buffer,
    deserialize: (bytes: Buffer) => Res,
    callback: Callback<Res>,
  ): GrpcJsStream;
  makeServerStreamRequest<Req>(
    path: string,
    serialize: (message: Req) => Buffer,
    deserialize: (bytes: Buffer) => unknown,
    request: Req,
  ): GrpcJsStream;
  close(): void;
}

/** As much of the library as is used here. */
export interface GrpcJs {
  readonly Client: new (address: string, credentials: unknown, options: object) => GrpcJsClient;
  readonly Server: new (options: object) => {
    addService(methods: Readonly<Record<string, MethodDefinition>>, handlers: object): void;
    bindAsync(address: string, credentials: unknown, callback: (error: Error | null) => void): void;
    forceShutdown(): void;
  };
  readonly credentials: { createInsecure(): unknown; createSsl(ca: Buffer, key: Buffer, cert: Buffer): unknown };
  readonly ServerCredentials: {
    createInsecure(): unknown;
    createSsl(ca: Buffer, pairs: readonly object[], requireClientCertificate: boolean): unknown;
  };
}

export function loadGrpcJs(from: string): GrpcJs {
  return createRequire(join(from, "package.json"))("@grpc/grpc-js") as GrpcJs;
}

/** Nothing but the size of messages differs from the library's defaults. */
export const GRPC_JS_OPTIONS = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

export function serializerOf<T>(codec: Codec<T>): (message: T) => Buffer {
  return (message) => {
    // A copy: our codecs may encode into memory they use again, and grpc-js writes later.
    return Buffer.from(codec.encode(message));
  };
}

/** One of our methods as grpc-js defines it. */
export function methodDefinition<Req, Res>(method: Method<Req, Res>): MethodDefinition {
  return {
    path: method.path,
    requestStream: method.kind === "client-streaming" || method.kind === "bidirectional",
    responseStream: method.kind === "server-streaming" || method.kind === "bidirectional",
    requestSerialize: serializerOf(method.request),
    requestDeserialize: (bytes) => method.request.decode(bytes),
    responseSerialize: serializerOf(method.response),
    responseDeserialize: (bytes) => method.response.decode(bytes),
  };
}
