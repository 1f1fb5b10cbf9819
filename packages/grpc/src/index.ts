export { createStreamPair } from "./stream-pair.ts";
export { GrpcError } from "./grpc-error.ts";
export type { GrpcErrorOptions } from "./grpc-error.ts";
export { Metadata } from "./metadata.ts";
export type { MetadataValue } from "./metadata.ts";
export { defineMethod } from "./method.ts";
export type { Codec, Method, MethodKind } from "./method.ts";
export type { ErrorStatusCode, StatusCode } from "./status.ts";
export type { BidiCall, CallOptions, ClientConnection, ClientOptions, CloseOptions } from "./client-connection.ts";
export type {
  BidiHandler,
  ClientStreamHandler,
  GrpcServer,
  ServerCall,
  ServerOptions,
  ServerStreamHandler,
  ServiceRegistrar,
  UnaryHandler,
} from "./grpc-server.ts";
