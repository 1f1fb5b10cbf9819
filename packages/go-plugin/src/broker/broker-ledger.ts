import type { ClientConnection, CloseOptions, GrpcServer } from "@fairlead/grpc";
import type { PluginError } from "../plugin-error.ts";
import { MortalConnection } from "../transport/mortal-connection.ts";
import type { BrokeredServer } from "./broker.ts";

/** What a brokered server holds besides its gRPC server; `destroy` is synchronous and idempotent. */
export interface ServerHolding {
  /** No new connections. */
  stopListening(): void;
  destroy(): void;
}

const LAST_ID = 0xff_ff_ff_ff;

/** What every kind of broker keeps count of: its ids, what it serves and what it dialled, and its end. */
export class BrokerLedger {
  readonly #servers = new Set<OpenServer>();
  readonly #end = new AbortController();
  #lastId = 0;

  /** Aborted at the end of the broker, with the PluginError that is its reason. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  nextId(): number {
    this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    return this.#lastId;
  }

  /** A connection that ends with the broker, and says why. */
  adopt(connection: ClientConnection): ClientConnection {
    return new MortalConnection(connection, this.ended);
  }

  /** A server that ends with the broker. */
  enter(id: number, grpc: GrpcServer, holding: ServerHolding): BrokeredServer {
    const server = new OpenServer(id, grpc, holding, () => this.#servers.delete(server));
    this.#servers.add(server);
    return server;
  }

  async drain(options: CloseOptions): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.close(options)));
  }

  /** Idempotent: the first reason stays. */
  end(reason: PluginError): void {
    this.#end.abort(reason);
    for (const server of this.#servers) server.destroy();
  }
}

class OpenServer implements BrokeredServer {
  readonly id: number;
  readonly #grpc: GrpcServer;
  readonly #holding: ServerHolding;
  readonly #onGone: () => void;
  #closing: Promise<void> | undefined;

  constructor(id: number, grpc: GrpcServer, holding: ServerHolding, onGone: () => void) {
    this.id = id;
    this.#grpc = grpc;
    this.#holding = holding;
    this.#onGone = onGone;
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  destroy(): void {
    this.#grpc.destroy();
    this.#holding.destroy();
    this.#onGone();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options: CloseOptions): Promise<void> {
    this.#holding.stopListening();
    await this.#grpc.close(options);
    this.destroy();
  }
}
