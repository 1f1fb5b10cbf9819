import type { Writable } from "node:stream";
import { createGrpcServer, interceptServer } from "@fairlead/grpc";
import type { GrpcServer } from "@fairlead/grpc";
import type { OwnedBroker } from "../broker/broker.ts";
import { brokerClosed } from "../broker/broker-errors.ts";
import { MuxBroker } from "../broker/mux-broker.ts";
import { loadYamux, MuxDoor } from "../broker/mux-door.ts";
import { MuxListener } from "../broker/mux-listener.ts";
import { PluginInfoStream } from "../broker/plugin-info-stream.ts";
import { SocketBroker } from "../broker/socket-broker.ts";
import { findGrpcProblem, pluginGrpc } from "../grpc-options.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import { silentLogger } from "../logger.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import { chooseAppVersion } from "../protocol/app-version.ts";
import { ENV_CLIENT_CERT, ENV_MULTIPLEX_GRPC, ENV_PROTOCOL_VERSIONS } from "../protocol/constants.ts";
import { formatHandshakeLine } from "../protocol/handshake-line.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import { parseGoBoolean } from "../protocol/multiplex.ts";
import { createIdentity } from "../tls/certificate.ts";
import { createManualTls } from "../tls/manual-tls.ts";
import { createPeerTls, parseCertificate } from "../tls/peer-tls.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import { openListener } from "../transport/listener.ts";
import type { Listener } from "../transport/listener.ts";
import { ServedListener } from "../transport/served-listener.ts";
import { checkCookie } from "./cookie.ts";
import { readListenPlace } from "./listen-place.ts";
import { registerPluginServices } from "./plugin-services.ts";
import type { Env, PluginServer, PluginServerOptions } from "./serve-options.ts";
import { StdioRelay } from "./stdio-relay.ts";

const DEFAULT_SHUTDOWN_GRACE_MS = 1_500;
// Of what a host says about itself and should not.
const SHOWN_ITEMS = 5;
const SHOWN_CHARACTERS = 40;

/** What the process around a server needs besides. */
export interface OwnedPluginServer extends PluginServer {
  readonly address: PluginAddress;
  /** How many connections are open. */
  readonly connections: number;
  /** At once, for the last moments of a process. */
  removeFiles(): void;
}

/** A server without what a host does for its plugins: the cookie, the line. */
export type ServerOptions = Omit<PluginServerOptions, "stdout">;

/**
 * Serves a plugin: checks the cookie, negotiates, listens, prints the handshake line (server.go: Serve). Changes nothing
 * of the process; {@link serve} is what plugins call. Rejects with PluginError.
 */
export async function startPluginServer(options: PluginServerOptions): Promise<PluginServer> {
  return await openPluginServer(options, new StdioRelay());
}

export async function openPluginServer(options: PluginServerOptions, stdio: StdioRelay): Promise<OwnedPluginServer> {
  checkCookie(options.handshake, options.env);
  const server = await openServer(options, stdio);
  try {
    await writeLine(options.stdout, server.handshakeLine);
    options.signal?.throwIfAborted();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** Serves whoever connects, and tells nobody. */
export async function openServer(options: ServerOptions, stdio: StdioRelay): Promise<OwnedPluginServer> {
  const logger = options.logger ?? silentLogger;
  checkGrpc(options.grpc);
  const appVersion = chooseVersion(options, logger);
  const tls = createPluginTls(options, logger);
  await options.start?.({ logger });
  options.signal?.throwIfAborted();
  const multiplex = readMultiplex(options.env);
  const door = multiplex === true ? new MuxDoor({ peer: "host", createSession: await loadYamux(), logger }) : undefined;
  // With multiplexing, TLS is inside the streams of a plain connection.
  const isPlain = tls === undefined || multiplex === true;
  const listener = await openListener(
    readListenPlace(options.env),
    isPlain ? undefined : () => tls.peer.createServer(),
  );
  try {
    return new ListeningPlugin({ options, logger, listener, multiplex, door, tls, stdio, appVersion });
  } catch (error) {
    // What a kind registers is its own code.
    listener.server.close();
    listener.removeFiles();
    throw error;
  }
}

function chooseVersion(options: ServerOptions, logger: Logger): number {
  const versions = Object.keys(options.versions).map(Number);
  if (versions.length === 0) throw new PluginError("ERR_INVALID_OPTION", "serve: no version to serve was given");
  const choice = chooseAppVersion(versions, options.env[ENV_PROTOCOL_VERSIONS]);
  const { invalid } = choice;
  if (invalid.length > 0) {
    const items = invalid.slice(0, SHOWN_ITEMS).map((item) => item.slice(0, SHOWN_CHARACTERS));
    logger.log("warn", "server sent invalid plugin version", { items, count: invalid.length });
  }
  return choice.version;
}

/**
 * Whether to multiplex; undefined when the host did not ask, for older hosts cannot read the line's seventh field. What is
 * not Go's "true" means no (Go then says yes and does not).
 */
function readMultiplex(env: Env): boolean | undefined {
  const text = env[ENV_MULTIPLEX_GRPC] ?? "";
  return text === "" ? undefined : parseGoBoolean(text) === true;
}

function checkGrpc(options: unknown): void {
  const problem = options === undefined ? undefined : findGrpcProblem(options);
  if (problem === undefined) return;
  throw new PluginError("ERR_INVALID_OPTION", `serve: option grpc ${problem}`, { details: { option: "grpc" } });
}

interface PluginTls {
  /** DER, for the handshake line; none with certificates of the plugin's own. */
  readonly certificate?: Uint8Array;
  readonly peer: PeerTls;
}

/**
 * The plugin's own certificates, else AutoMTLS when the host announced a certificate (server.go: Serve). Unlike Go, refuses
 * to start when that one cannot be read: no connection could ever succeed.
 */
function createPluginTls({ tls, env }: ServerOptions, logger: Logger): PluginTls | undefined {
  const hostPem = env[ENV_CLIENT_CERT] ?? "";
  if (tls !== undefined) {
    if (hostPem !== "") logger.log("warn", "the host asks for AutoMTLS, but this plugin has certificates of its own");
    return { peer: createManualTls(tls, "host") };
  }
  if (hostPem === "") return undefined;
  const hostDer = parseCertificate(hostPem, "client cert provided but failed to parse (PLUGIN_CLIENT_CERT)");
  const identity = createIdentity();
  return { certificate: identity.certificateDer, peer: createPeerTls(identity, hostDer, "host") };
}

class ListeningPlugin implements OwnedPluginServer {
  readonly handshakeLine: string;
  readonly protocolVersion: number;
  readonly closed: Promise<void>;
  readonly #options: ServerOptions;
  readonly #peerGrpc: PeerGrpc;
  readonly #logger: Logger;
  readonly #address: PluginAddress;
  readonly #grpc: GrpcServer;
  readonly #stdio: StdioRelay;
  readonly #infos: PluginInfoStream;
  readonly #broker: OwnedBroker;
  readonly #served: ServedListener | MuxListener;
  readonly #closing = new AbortController();
  #end: Promise<void> | undefined;
  readonly #settleClosed: () => void;

  constructor(parts: {
    readonly options: ServerOptions;
    readonly logger: Logger;
    readonly listener: Listener;
    readonly multiplex: boolean | undefined;
    /** With multiplexing. */
    readonly door: MuxDoor | undefined;
    readonly tls: PluginTls | undefined;
    readonly stdio: StdioRelay;
    readonly appVersion: number;
  }) {
    const { options, logger, listener, multiplex, door, tls, appVersion } = parts;
    this.#options = options;
    this.#peerGrpc = pluginGrpc(options.grpc);
    this.#logger = logger;
    this.#address = listener.address;
    this.protocolVersion = appVersion;
    this.handshakeLine = formatHandshakeLine({
      appVersion,
      address: listener.address,
      certificate: tls?.certificate,
      ...(multiplex === undefined ? {} : { multiplex }),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#settleClosed = resolve;
    this.#stdio = parts.stdio;
    this.#infos = new PluginInfoStream();
    this.#broker = this.#createBroker(door, tls?.peer);
    this.#grpc = this.#createServer();
    const serving = { grpc: this.#grpc, tls: tls?.peer, peer: "host", logger } as const;
    this.#served =
      door === undefined
        ? new ServedListener(listener, serving)
        : new MuxListener(listener, { ...serving, door, onLost: this.#onConnectionLost });
    options.signal?.addEventListener("abort", this.#closeUnasked, { once: true });
    if (options.signal?.aborted === true) this.#closeUnasked();
  }

  close(): Promise<void> {
    this.#end ??= this.#close();
    return this.#end;
  }

  get address(): PluginAddress {
    return this.#address;
  }

  get connections(): number {
    return this.#served.connections;
  }

  removeFiles(): void {
    this.#broker.removeFiles();
    this.#served.removeFiles();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #closeUnasked = (): void => void this.close();

  // There is one connection: a host that lost it cannot come back.
  readonly #onConnectionLost = (reason: string): void => {
    if (this.#end === undefined)
      this.#logger.log("error", "grpc server: multiplexed connection lost", { error: reason });
    this.#closeUnasked();
  };

  #createBroker(door: MuxDoor | undefined, tls: PeerTls | undefined): OwnedBroker {
    const infos = this.#infos;
    const logger = this.#logger;
    const grpc = this.#peerGrpc;
    if (door !== undefined) return new MuxBroker({ infos, door, peer: "host", tls, logger, grpc });
    // The folder, if the host gave one, goes with the main socket.
    const place = { ...readListenPlace(this.#options.env), ownsFolder: false };
    return new SocketBroker({ infos, peer: "host", place, tls, logger, grpc });
  }

  #createServer(): GrpcServer {
    const server = createGrpcServer(this.#peerGrpc.server);
    const plugins = this.#options.versions[this.protocolVersion] ?? [];
    registerPluginServices(server, {
      stdio: this.#stdio,
      infos: this.#infos,
      closing: this.#closing.signal,
      shutdown: this.#closeUnasked,
      descriptors: () => plugins.flatMap((plugin) => plugin.descriptors?.() ?? []),
    });
    const registrar = interceptServer(server, this.#peerGrpc.serverInterceptors);
    for (const plugin of plugins) {
      plugin.register(registrar, { logger: this.#logger, signal: this.#closing.signal, broker: this.#broker });
    }
    return server;
  }

  // The order of a graceful end: no new connections, calls finish, the plugin's own clean-up, connections, files.
  async #close(): Promise<void> {
    const graceMs = this.#options.shutdownGraceMs ?? DEFAULT_SHUTDOWN_GRACE_MS;
    this.#options.signal?.removeEventListener("abort", this.#closeUnasked);
    this.#served.stopListening();
    this.#closing.abort();
    await this.#grpc.close({ graceMs: graceMs / 2 });
    // Calls and the plugin's stop may need what they dialled to the last.
    await Promise.all([this.#runStop(graceMs / 2), this.#broker.drain({ graceMs: graceMs / 2 })]);
    this.#broker.end(brokerClosed());
    this.#served.destroy();
    const { droppedBytes } = this.#stdio;
    if (droppedBytes > 0) this.#logger.log("warn", "output dropped: the host did not read it", { droppedBytes });
    this.#settleClosed();
  }

  async #runStop(timeoutMs: number): Promise<void> {
    const { stop } = this.#options;
    if (stop === undefined) return;
    const timeout = Promise.withResolvers<"late">();
    const timer = setTimeout(() => timeout.resolve("late"), timeoutMs);
    try {
      const outcome = await Promise.race([stop(), timeout.promise]);
      if (outcome === "late") this.#logger.log("warn", "plugin's stop took too long, ending without it", { timeoutMs });
    } catch (error) {
      this.#logger.log("error", "plugin's stop failed", { error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function writeLine(stdout: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
