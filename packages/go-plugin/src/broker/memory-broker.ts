import { connectGrpc, createStreamPair, interceptClient } from "@fairlead/grpc";
import type { ClientConnection, GrpcServer, ServiceRegistrar } from "@fairlead/grpc";
import { createBrokeredServer, peerGrpc } from "../grpc-options.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import type { PluginError } from "../plugin-error.ts";
import type { PeerRole } from "../tls/peer-tls.ts";
import type { BrokeredServer, OwnedBroker } from "./broker.ts";
import { checkBrokerId } from "./broker-errors.ts";
import { BrokerLedger } from "./broker-ledger.ts";
import { OneShotSlots } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

/** The brokers of a host and a plugin in one process, with the ids, times and errors of real ones. */
export function createMemoryBrokers(schedule: Schedule = scheduleTimer): {
  readonly host: OwnedBroker;
  readonly plugin: OwnedBroker;
} {
  const host = new MemoryBroker("plugin", schedule);
  const plugin = new MemoryBroker("host", schedule);
  host.connectTo(plugin);
  plugin.connectTo(host);
  return { host, plugin };
}

class MemoryBroker implements OwnedBroker {
  readonly #slots: OneShotSlots<GrpcServer>;
  readonly #ledger = new BrokerLedger();
  readonly #grpc: PeerGrpc;
  #tellPeer: (id: number, server: GrpcServer) => void = () => {};

  constructor(peer: PeerRole, schedule: Schedule) {
    this.#grpc = peerGrpc(peer);
    this.#slots = new OneShotSlots({ peer, schedule });
  }

  connectTo(peer: MemoryBroker): void {
    this.#tellPeer = (id, server) => peer.#slots.put(id, server);
  }

  nextId(): number {
    return this.#ledger.nextId();
  }

  async accept(id: number, register: (registrar: ServiceRegistrar) => void): Promise<BrokeredServer> {
    checkBrokerId(id);
    this.#ledger.ended.throwIfAborted();
    const grpc = createBrokeredServer(this.#grpc);
    register(grpc);
    const server = this.#ledger.enter(id, grpc, { stopListening() {}, destroy() {} });
    this.#tellPeer(id, grpc);
    return await Promise.resolve(server);
  }

  async dial(id: number, options: { readonly signal?: AbortSignal } = {}): Promise<ClientConnection> {
    checkBrokerId(id);
    const server = await this.#slots.take(id, options.signal);
    const [near, far] = createStreamPair();
    // Closed in the meantime, it destroys the stream.
    server.accept(far);
    const { client, clientInterceptors } = this.#grpc;
    return this.#ledger.adopt(interceptClient(connectGrpc(near, client), clientInterceptors));
  }

  async drain(options: { readonly graceMs: number }): Promise<void> {
    await this.#ledger.drain(options);
  }

  end(reason: PluginError): void {
    this.#ledger.end(reason);
    this.#slots.end(reason);
  }

  removeFiles(): void {}
}
