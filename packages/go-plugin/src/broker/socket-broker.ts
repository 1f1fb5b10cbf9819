import { interceptClient } from "@fairlead/grpc";
import type { ClientConnection, ServiceRegistrar } from "@fairlead/grpc";
import { createBrokeredServer, peerGrpc } from "../grpc-options.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import type { ConnInfo } from "../protocol/conn-info.ts";
import { formatAddress, parseAddress } from "../protocol/handshake-line.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { PeerRole, PeerTls } from "../tls/peer-tls.ts";
import { dialGrpc } from "../transport/dial.ts";
import { openListener } from "../transport/listener.ts";
import type { ListenPlace } from "../transport/listener.ts";
import { ServedListener } from "../transport/served-listener.ts";
import type { BrokeredServer, OwnedBroker } from "./broker.ts";
import { checkBrokerId } from "./broker-errors.ts";
import { BrokerLedger } from "./broker-ledger.ts";
import type { InfoListener, InfoStream } from "./info-stream.ts";
import { BROKER_TIMEOUT_MS, OneShotSlots } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

/** What a broker works with. */
export interface SocketBrokerParts {
  readonly infos: InfoStream;
  /** The other side. */
  readonly peer: PeerRole;
  /** Where this side listens. */
  readonly place: ListenPlace;
  /** The same as on the main connection; plaintext when left out. */
  readonly tls: PeerTls | undefined;
  readonly logger: Logger;
  /** Default: no interceptors, the usual limits. */
  readonly grpc?: PeerGrpc;
  /** Where the sides see different networks or file systems: from here to there, and back. May throw. */
  readonly translate?: {
    toPeer(address: PluginAddress): PluginAddress;
    fromPeer(address: PluginAddress): PluginAddress;
  };
  readonly schedule?: Schedule;
}

/**
 * Brokers connections of their own: each accept listens on a new socket and tells the other side where, each dial connects
 * there (grpc_broker.go without multiplexing).
 */
export class SocketBroker implements OwnedBroker, InfoListener {
  readonly #parts: SocketBrokerParts;
  readonly #schedule: Schedule;
  readonly #slots: OneShotSlots<ConnInfo>;
  readonly #ledger = new BrokerLedger();
  readonly #grpc: PeerGrpc;
  readonly #listeners = new Set<ServedListener>();
  #saidTooMany = false;

  constructor(parts: SocketBrokerParts) {
    this.#parts = parts;
    this.#grpc = parts.grpc ?? peerGrpc(parts.peer);
    this.#schedule = parts.schedule ?? scheduleTimer;
    this.#slots = new OneShotSlots({ peer: parts.peer, schedule: this.#schedule });
    parts.infos.start(this);
  }

  nextId(): number {
    return this.#ledger.nextId();
  }

  async accept(id: number, register: (registrar: ServiceRegistrar) => void): Promise<BrokeredServer> {
    checkBrokerId(id);
    this.#ledger.ended.throwIfAborted();
    const grpc = createBrokeredServer(this.#grpc);
    register(grpc);
    const { place, tls, peer, logger, infos } = this.#parts;
    const listener = await openListener(place, tls && (() => tls.createServer()));
    const served = new ServedListener(listener, { grpc, tls, peer, logger });
    this.#listeners.add(served);
    const server = this.#ledger.enter(id, grpc, {
      stopListening: () => served.stopListening(),
      destroy: () => {
        served.destroy();
        this.#listeners.delete(served);
      },
    });
    try {
      this.#ledger.ended.throwIfAborted();
      await infos.send(this.#describe(id, listener.address));
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  async dial(id: number, options: { readonly signal?: AbortSignal } = {}): Promise<ClientConnection> {
    checkBrokerId(id);
    const info = await this.#slots.take(id, options.signal);
    const address = this.#locate(info);
    const { tls, peer } = this.#parts;
    const late = new AbortController();
    const cancel = this.#schedule(() => late.abort(notConnected(peer, id)), BROKER_TIMEOUT_MS);
    const signals = [late.signal, this.#ledger.ended, ...(options.signal === undefined ? [] : [options.signal])];
    try {
      const { client, clientInterceptors } = this.#grpc;
      const connection = await dialGrpc(address, { tls, peer, grpc: client, signal: AbortSignal.any(signals) });
      return this.#ledger.adopt(interceptClient(connection, clientInterceptors));
    } finally {
      cancel();
    }
  }

  async drain(options: { readonly graceMs: number }): Promise<void> {
    await this.#ledger.drain(options);
  }

  end(reason: PluginError): void {
    this.#ledger.end(reason);
    this.#slots.end(reason);
    this.#parts.infos.close(reason);
  }

  removeFiles(): void {
    for (const listener of this.#listeners) listener.removeFiles();
  }

  onInfo(info: ConnInfo): void {
    // Knocks are for multiplexed connections.
    if (info.knock !== undefined) return;
    const outcome = this.#slots.put(info.serviceId, info);
    if (outcome !== "too many" || this.#saidTooMany) return;
    this.#saidTooMany = true;
    this.#parts.logger.log("warn", `the ${this.#parts.peer} accepts more brokered connections than anybody dials`);
  }

  onUnavailable(reason: PluginError): void {
    this.#slots.end(reason);
  }

  onTakeover(): void {
    this.#slots.clear();
  }

  #describe(id: number, listening: PluginAddress): ConnInfo {
    const address = this.#parts.translate?.toPeer(listening) ?? listening;
    return { serviceId: id, network: address.network, address: formatAddress(address) };
  }

  #locate({ serviceId, network, address }: ConnInfo): PluginAddress {
    const { peer, translate } = this.#parts;
    let parsed: PluginAddress;
    try {
      parsed = parseAddress(network, address);
    } catch (error) {
      if (!PluginError.is(error)) throw error;
      throw new PluginError("ERR_BROKER_ADDRESS", `${error.summary}, sent by the ${peer} for id ${serviceId}`, {
        details: { id: serviceId },
        cause: error,
      });
    }
    return translate?.fromPeer(parsed) ?? parsed;
  }
}

function notConnected(peer: PeerRole, id: number): PluginError {
  return new PluginError(
    "ERR_BROKER_TIMEOUT",
    `the ${peer} accepted id ${id} but did not take the connection within ${BROKER_TIMEOUT_MS} ms`,
    { details: { id, timeoutMs: BROKER_TIMEOUT_MS } },
  );
}
