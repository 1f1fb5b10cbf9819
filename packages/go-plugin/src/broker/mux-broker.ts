import type { Duplex } from "node:stream";
import { interceptClient } from "@fairlead/grpc";
import type { ClientConnection, ServiceRegistrar } from "@fairlead/grpc";
import { createBrokeredServer, peerGrpc } from "../grpc-options.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import type { ConnInfo } from "../protocol/conn-info.ts";
import type { PeerRole, PeerTls } from "../tls/peer-tls.ts";
import { ServedListener } from "../transport/served-listener.ts";
import { connectGrpcOn } from "../transport/stream-grpc.ts";
import type { BrokeredServer, OwnedBroker } from "./broker.ts";
import { checkBrokerId } from "./broker-errors.ts";
import { BrokerLedger } from "./broker-ledger.ts";
import type { InfoListener, InfoStream } from "./info-stream.ts";
import { KnockAnswers } from "./knock-answers.ts";
import { KnockSender } from "./knock-sender.ts";
import type { MuxDoor } from "./mux-door.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

/** What a multiplexing broker works with. */
export interface MuxBrokerParts {
  readonly infos: InfoStream;
  /** The connection that its streams are opened on. */
  readonly door: MuxDoor;
  /** The other side. */
  readonly peer: PeerRole;
  /** Inside each stream, as on the main one; plaintext when left out. */
  readonly tls: PeerTls | undefined;
  readonly logger: Logger;
  /** Default: no interceptors, the usual limits. */
  readonly grpc?: PeerGrpc;
  readonly schedule?: Schedule;
}

/**
 * Brokers connections as streams of the one connection (grpc_broker.go with multiplexing): whoever dials an id knocks,
 * waits for the answer and opens a stream; the other side knows by the knock whom it is for.
 */
export class MuxBroker implements OwnedBroker, InfoListener {
  readonly #parts: MuxBrokerParts;
  readonly #schedule: Schedule;
  readonly #ledger = new BrokerLedger();
  readonly #grpc: PeerGrpc;
  readonly #knocks: KnockSender;
  readonly #answers: KnockAnswers;

  constructor(parts: MuxBrokerParts) {
    const { infos, peer, door, logger, schedule = scheduleTimer } = parts;
    this.#parts = parts;
    this.#grpc = parts.grpc ?? peerGrpc(parts.peer);
    this.#schedule = schedule;
    this.#knocks = new KnockSender({ infos, peer, schedule, open: () => door.openStream() });
    this.#answers = new KnockAnswers({ infos, door, logger, schedule });
    infos.start(this);
  }

  nextId(): number {
    return this.#ledger.nextId();
  }

  async accept(id: number, register: (registrar: ServiceRegistrar) => void): Promise<BrokeredServer> {
    checkBrokerId(id);
    this.#ledger.ended.throwIfAborted();
    const grpc = createBrokeredServer(this.#grpc);
    register(grpc);
    const { tls, peer, logger } = this.#parts;
    // It listens nowhere: streams are put into it.
    const server = tls === undefined ? process.getBuiltinModule("node:net").createServer() : tls.createServer();
    const served = new ServedListener({ server, removeFiles() {} }, { grpc, tls, peer, logger });
    const take = (stream: Duplex): void => void server.emit("connection", stream);
    const brokered = this.#ledger.enter(id, grpc, {
      stopListening: () => this.#answers.refuse(id, take),
      destroy: () => {
        this.#answers.refuse(id, take);
        served.destroy();
      },
    });
    this.#answers.accept(id, take);
    return await Promise.resolve(brokered);
  }

  async dial(id: number, options: { readonly signal?: AbortSignal } = {}): Promise<ClientConnection> {
    checkBrokerId(id);
    const { tls, peer } = this.#parts;
    const given = [this.#ledger.ended, ...(options.signal === undefined ? [] : [options.signal])];
    const stream = await this.#knocks.open(id, AbortSignal.any(given));
    const late = new AbortController();
    const cancel = this.#schedule(() => late.abort(notConnected(peer, id)), BROKER_TIMEOUT_MS);
    try {
      const signal = AbortSignal.any([late.signal, ...given]);
      const { client, clientInterceptors } = this.#grpc;
      const connection = await connectGrpcOn(stream, `the stream for id ${id}`, { tls, peer, grpc: client, signal });
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
    this.#knocks.end(reason);
    this.#answers.clear();
    this.#parts.infos.close(reason);
  }

  removeFiles(): void {}

  onInfo({ serviceId, knock }: ConnInfo): void {
    // An address is for connections of their own.
    if (knock === undefined || this.#ledger.ended.aborted) return;
    if (knock.knock && !knock.ack) this.#answers.onKnock(serviceId);
    else this.#knocks.onAnswer(serviceId, knock);
  }

  onUnavailable(reason: PluginError): void {
    this.#knocks.end(reason);
  }

  onTakeover(): void {
    this.#answers.clear();
  }
}

function notConnected(peer: PeerRole, id: number): PluginError {
  return new PluginError(
    "ERR_BROKER_TIMEOUT",
    `the ${peer} accepted id ${id} but did not take the connection within ${BROKER_TIMEOUT_MS} ms`,
    { details: { id, timeoutMs: BROKER_TIMEOUT_MS } },
  );
}
