export { connectGrpc } from "./client/connect-grpc.ts";
export { createGrpcServer } from "./server/create-grpc-server.ts";
export { checkHealth } from "./health/check-health.ts";
export { watchHealth } from "./health/watch-health.ts";
export { createHealthService } from "./health/health-service.ts";
export type { HealthService } from "./health/health-service.ts";
export type { ServingStatus } from "./health/health-messages.ts";
export { createReflectionService } from "./reflection/reflection-service.ts";
export type { ReflectionOptions, ReflectionService } from "./reflection/reflection-service.ts";
export { createReconnectingClient } from "./reconnect/reconnecting-client.ts";
export type { ReconnectingClient, ReconnectOptions } from "./reconnect/reconnecting-client.ts";
export type { ConnectivityState, DialAttempt } from "./reconnect/connector.ts";
export type { BackOffOptions } from "./reconnect/back-off.ts";
export type { Clock } from "./calls/clock.ts";
export { interceptServer } from "./interceptors/intercept-server.ts";
export { interceptClient } from "./interceptors/intercept-client.ts";
export type { ClientInterceptor, InvokeNext, OutgoingCall } from "./interceptors/client-interceptor.ts";
export type { HandleNext, IncomingCall, ServerInterceptor } from "./interceptors/server-interceptor.ts";
export { mapMessages } from "./interceptors/messages.ts";
export type { Messages, MessageStream, SingleMessage } from "./interceptors/messages.ts";
export { observeClientCalls, observeServerCalls } from "./interceptors/observe-calls.ts";
export type { CallOutcome, OutcomeListener } from "./interceptors/observe-calls.ts";
export type { ClientKeepAlive, KeepAlive } from "./connection/keep-alive.ts";
export { createStreamPair } from "./stream-pair.ts";
export { GrpcError } from "./grpc-error.ts";
export type { GrpcErrorOptions, Unprocessed } from "./grpc-error.ts";
export { Metadata } from "./metadata.ts";
export type { MetadataValue } from "./metadata.ts";
export { defineMethod } from "./method.ts";
export type { Codec, Method, MethodKind } from "./method.ts";
export type { ErrorStatusCode, StatusCode } from "./status.ts";
export type {
  BidiCall,
  CallOptions,
  ClientConnection,
  ClientOptions,
  CloseOptions,
} from "./client/client-connection.ts";
export type {
  BidiHandler,
  ClientStreamHandler,
  GrpcServer,
  ServerCall,
  ServerOptions,
  ServerStreamHandler,
  ServiceRegistrar,
  UnaryHandler,
} from "./server/grpc-server.ts";
