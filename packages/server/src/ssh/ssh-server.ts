import { createServer, type Server, type Socket } from "node:net";

import type { Logger } from "@fairlead/go-plugin";
import ssh2 from "ssh2";
import type { Algorithms, Connection } from "ssh2";

import type { SshAlgorithms } from "../config/ssh-algorithms.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { plainIp } from "../domain/ip-range.ts";
import { type IpFilter, refusalByIpFilter } from "./ask-ip-filter.ts";
import {
  type ConnectionLimits,
  type ConnectionPlace,
  createConnectionCounter,
  LIMIT_SETTINGS,
} from "./connection-limits.ts";
import { FloodLog } from "./flood-log.ts";
import { createHandleLedger, handlesWithin, readOpenFileLimit } from "./handle-budget.ts";
import { type ConnectionServices, SshConnection } from "./ssh-connection.ts";
import { socketOf } from "./ssh2-internals.ts";

/** Where to listen. */
export interface Binding {
  /** Empty = all addresses, IPv6 and IPv4. */
  readonly address: string;
  /** 0 = a free one. */
  readonly port: number;
}

export interface SshServerOptions extends Omit<ConnectionServices, "handles"> {
  readonly bindings: readonly Binding[];
  /** Private keys in a format ssh2 reads, see `loadHostKeys`. */
  readonly hostKeys: readonly string[];
  readonly algorithms: SshAlgorithms;
  /** Shown before the login; empty = none. */
  readonly banner: string;
  readonly limits: ConnectionLimits;
  /** Asked before a client gets the first byte. Default: everybody may connect. */
  readonly ipFilter?: IpFilter;
  /** Files and directories all clients together may have open. Default three quarters of what the process may. */
  readonly maxHandles?: number;
  /** 0 = never. */
  readonly idleTimeoutMs: number;
  /** 0 = never. */
  readonly keepaliveIntervalMs: number;
}

export interface SshServer extends AsyncDisposable {
  readonly addresses: readonly Binding[];
  /** Connections open now. */
  readonly connectionCount: number;
  /**
   * Accepts nobody any more, lets the clients work for up to `graceMs` (default 0), then ends them and
   * waits until their files are put away. Idempotent; never rejects.
   */
  close(options?: { readonly graceMs?: number; readonly signal?: AbortSignal }): Promise<void>;
}

const SOFTWARE_NAME = "Fairlead";
/** setTimeout's maximum, for "never". */
const NEVER_MS = 2_147_483_647;
const KEEPALIVE_MAX_UNANSWERED = 3;
/** How long sessions may take to put their files away once their connections are gone. */
const MAX_PUT_AWAY_MS = 10_000;
const IDLE_SWEEPS_PER_TIMEOUT = 4;

/** Listens on every binding. Throws `ERR_LISTEN` for one that cannot be opened, after closing the others. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const server = new ListeningServer(options);
  try {
    for (const binding of options.bindings) {
      await server.listen(binding);
    }
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

class ListeningServer implements SshServer {
  readonly #options: SshServerOptions & ConnectionServices;
  readonly #logger: Logger;
  readonly #refusals: FloodLog;
  readonly #listeners: Server[] = [];
  readonly #connections = new Map<Socket, SshConnection>();
  /** Those an IP filter has not decided about. They have their places, so they are no more than those. */
  readonly #undecided = new Set<Socket>();
  readonly #counter: ReturnType<typeof createConnectionCounter>;
  readonly #protocol: ssh2.Server;
  readonly #idleTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SshServerOptions) {
    const handles = createHandleLedger(options.maxHandles ?? handlesWithin(readOpenFileLimit()));
    this.#options = { ...options, handles };
    this.#logger = options.logger;
    this.#refusals = new FloodLog(options.logger);
    this.#counter = createConnectionCounter(options.limits);
    this.#protocol = new ssh2.Server(protocolConfig(options), (connection: Connection) => {
      this.#connections.get(socketOf(connection))?.attach(connection);
    });
    if (options.idleTimeoutMs > 0) {
      this.#idleTimer = setInterval(() => {
        this.#endIdle();
      }, options.idleTimeoutMs / IDLE_SWEEPS_PER_TIMEOUT);
    }
  }

  get addresses(): readonly Binding[] {
    return this.#listeners.flatMap((listener) => {
      const address = listener.address();
      return typeof address === "object" && address !== null ? [{ address: address.address, port: address.port }] : [];
    });
  }

  get connectionCount(): number {
    return this.#counter.count;
  }

  async listen(binding: Binding): Promise<void> {
    const listener = createServer({ pauseOnConnect: false }, (socket) => {
      this.#accept(socket);
    });
    this.#listeners.push(listener);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    listener.once("error", (cause: NodeJS.ErrnoException) => {
      reject(listenError(binding, cause));
    });
    listener.listen({ port: binding.port, ...(binding.address === "" ? {} : { host: binding.address }) }, resolve);
    await promise;
    // After the start, e.g. when file descriptors run out: the listener goes on.
    listener.on("error", (error) => {
      this.#logger.log("error", "listener failed", { error: error.message });
    });
  }

  async close(options: { readonly graceMs?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#closing ??= this.#close(options.graceMs ?? 0, options.signal);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: Socket): void {
    const ip = plainIp(socket.remoteAddress ?? "");
    const place = this.#counter.admit(ip);
    if (typeof place === "string") {
      const facts = { limit: LIMIT_SETTINGS[place], max: this.#options.limits[place] };
      this.#refusals.log("warn", "connection refused", facts, { ip });
      socket.on("error", () => undefined); // it is being thrown away
      socket.destroy();
      return;
    }
    const { ipFilter } = this.#options;
    if (ipFilter?.isConfigured === true) {
      void this.#startIfAllowed(socket, ip, place, ipFilter);
    } else {
      this.#start(socket, ip, place);
    }
  }

  async #startIfAllowed(socket: Socket, ip: string, place: ConnectionPlace, ipFilter: IpFilter): Promise<void> {
    this.#undecided.add(socket);
    const refusal = await refusalByIpFilter(socket, ip, ipFilter);
    this.#undecided.delete(socket);
    if (refusal === undefined && this.#closing === undefined) {
      this.#start(socket, ip, place);
      return;
    }
    if (refusal !== undefined) {
      this.#refusals.log("debug", "connection refused by IP filter", {}, { ip, reason: refusal });
    }
    socket.on("error", () => undefined); // it is being thrown away
    socket.destroy();
    place.release();
  }

  #start(socket: Socket, ip: string, place: ConnectionPlace): void {
    const connection = new SshConnection(socket, ip, place, this.#options);
    this.#connections.set(socket, connection);
    void this.#forgetWhenFinished(socket, connection);
    this.#protocol.injectSocket(socket);
  }

  async #forgetWhenFinished(socket: Socket, connection: SshConnection): Promise<void> {
    await connection.finished;
    this.#connections.delete(socket);
  }

  #endIdle(): void {
    for (const connection of this.#connections.values()) {
      if (connection.idleMs >= this.#options.idleTimeoutMs) {
        connection.end("idle for too long");
      }
    }
  }

  async #close(graceMs: number, signal: AbortSignal | undefined): Promise<void> {
    for (const listener of this.#listeners) {
      listener.close();
    }
    for (const socket of this.#undecided) {
      socket.destroy();
    }
    if (graceMs > 0 && this.#connections.size > 0 && signal?.aborted !== true) {
      await this.#finishedWithin(graceMs, signal);
    }
    clearInterval(this.#idleTimer);
    this.#refusals.close();
    for (const connection of this.#connections.values()) {
      connection.end("the server stops");
    }
    if (!(await this.#finishedWithin(MAX_PUT_AWAY_MS))) {
      this.#logger.log("error", "sessions not ended in time", { connections: this.#connections.size });
    }
  }

  async #allFinished(): Promise<void> {
    await Promise.all([...this.#connections.values()].map(async (connection) => await connection.finished));
  }

  /** False when time, or the caller's patience, was over first. */
  async #finishedWithin(limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => {
      resolve(false);
    };
    const timer = setTimeout(giveUp, limitMs);
    signal?.addEventListener("abort", giveUp);
    const isFinished = await Promise.race([promise, this.#allFinished().then(() => true)]);
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
    return isFinished;
  }
}

function protocolConfig(options: SshServerOptions): ssh2.ServerConfig {
  const { algorithms } = options;
  return {
    hostKeys: [...options.hostKeys],
    ident: SOFTWARE_NAME,
    ...(options.banner === "" ? {} : { banner: options.banner }),
    keepaliveInterval: options.keepaliveIntervalMs > 0 ? options.keepaliveIntervalMs : NEVER_MS,
    keepaliveCountMax: KEEPALIVE_MAX_UNANSWERED,
    // The names were checked against what ssh2 has when the configuration was read.
    algorithms: {
      kex: [...algorithms.kex],
      cipher: [...algorithms.ciphers],
      hmac: [...algorithms.macs],
      serverHostKey: [...algorithms.hostKeys],
      compress: ["none"],
    } as Algorithms,
  };
}

function listenError({ address, port }: Binding, cause: NodeJS.ErrnoException): FairleadError {
  const place = `${address === "" ? "*" : address}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EACCES: "not permitted; ports below 1024 need a privilege",
    EADDRNOTAVAIL: "the address does not belong to this machine",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  return new FairleadError("ERR_LISTEN", `cannot listen for SSH on ${place} (sftpd.bindings): ${reason}`, {
    details: { address, port, code: cause.code },
    cause,
  });
}
