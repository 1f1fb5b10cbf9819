import type { ClientConnection, ServiceRegistrar } from "@fairlead/grpc";
import type { PluginError } from "../plugin-error.ts";

/**
 * Further connections between a host and a plugin, in either direction (go-plugin's `GRPCBroker`): one side accepts an
 * id and serves what it wants there, the other dials the id. How the other side learns the id is up to the
 * application, usually from a field of one of its messages.
 *
 * An accept serves one dial: it tells the other side once, and the news is good for 5 seconds.
 */
export interface Broker {
  /** An id that this side has not used yet: 1, 2, 3 … An id names a server of the side that accepts it. */
  nextId(): number;
  /**
   * Serves what `register` registers, for the other side to dial. Resolves when the other side was told; the server lives
   * until it is closed or the plugin ends. Rejects with `ERR_LISTEN_FAILED`, `ERR_BROKER_UNAVAILABLE` when the other side
   * brokers no connections, `ERR_BROKER_CLOSED` or `ERR_PLUGIN_GONE`.
   */
  accept(id: number, register: (registrar: ServiceRegistrar) => void): Promise<BrokeredServer>;
  /**
   * Connects to what the other side accepts under this id. Waits up to 5 seconds for it, then rejects with
   * `ERR_BROKER_TIMEOUT`. The connection belongs to the caller, and ends with the plugin. The signal gives up: its reason
   * is thrown. One dial of an id at a time: another one rejects with `ERR_BROKER_ID_IN_USE`. With multiplexing there is
   * one dial at a time of whatever id, as in go-plugin: its 5 seconds begin when those before it are through.
   */
  dial(id: number, options?: { readonly signal?: AbortSignal }): Promise<ClientConnection>;
}

/** What one accept serves. */
export interface BrokeredServer extends AsyncDisposable {
  readonly id: number;
  /** Running calls may finish; then connections, listener and socket are gone. Idempotent. */
  close(): Promise<void>;
}

/** A broker in the hands of whoever runs the host's or the plugin's side of a connection. */
export interface OwnedBroker extends Broker {
  /** Closes what is served here; running calls may take `graceMs`. What was dialled goes on. */
  drain(options: { readonly graceMs: number }): Promise<void>;
  /** At once: everything brokered fails with this reason. Idempotent. */
  end(reason: PluginError): void;
  /** Removes the sockets. Synchronous, for the last moments of a process. */
  removeFiles(): void;
}
