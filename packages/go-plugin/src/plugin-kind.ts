import type { ClientConnection, ServiceRegistrar } from "@fairlead/grpc";
import type { Broker } from "./broker/broker.ts";
import type { Logger } from "./logger.ts";

/**
 * The magic cookie a host and its plugins agree on: the host sets the environment variable `key` to `value`, the plugin
 * refuses to run without it. It guards against starting a plugin by hand; it is no security measure.
 */
export interface CookiePair {
  readonly key: string;
  readonly value: string;
}

/** What a plugin gives to the services it registers. */
export interface ServeContext {
  readonly logger: Logger;
  /** Aborted when the plugin begins to end, before its open calls do: for what lives longer than a call. */
  readonly signal: AbortSignal;
  /** Further connections to and from the host. For use in calls, not yet while services are registered. */
  readonly broker: Broker;
}

/** What a host gives to the clients it makes. */
export interface HostContext {
  readonly logger: Logger;
  /** Aborted when the plugin is gone. */
  readonly signal: AbortSignal;
  /** Further connections to and from the plugin. */
  readonly broker: Broker;
}

/**
 * One kind of plugin, seen from both sides: how an implementation becomes gRPC services in the plugin process, and how a
 * connection becomes a client in the host (go-plugin's `GRPCPlugin` with its `GRPCServer` and `GRPCClient`).
 */
export interface PluginKind<Impl, Client> {
  /** The name under which hosts dispense it. Local to each side: it never crosses the wire. */
  readonly name: string;
  register(registrar: ServiceRegistrar, impl: Impl, context: ServeContext): void;
  connect(connection: ClientConnection, context: HostContext): Client;
  /**
   * What tools such as grpcurl need to describe and call the kind's services: serialized
   * google.protobuf.FileDescriptorProto messages of its schema and of what that imports. Asked for when a tool asks, and
   * not before. Default: the services are listed and cannot be described.
   */
  readonly descriptors?: () => readonly Uint8Array[];
}

/** Types a plugin kind by its parts; returns its argument. */
export function definePluginKind<Impl, Client>(kind: PluginKind<Impl, Client>): PluginKind<Impl, Client> {
  return kind;
}
