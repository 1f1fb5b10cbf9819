import type { Writable } from "node:stream";
import type { ServiceRegistrar } from "@fairlead/grpc";
import type { PluginGrpcOptions } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import type { ManualTls } from "../tls/manual-tls.ts";
import type { CookiePair, PluginKind, ServeContext } from "../plugin-kind.ts";

/** A kind together with the implementation that serves it; made by {@link provide}. */
export interface ServedPlugin {
  readonly name: string;
  register(registrar: ServiceRegistrar, context: ServeContext): void;
  /** The kind's, see {@link PluginKind}. */
  readonly descriptors?: () => readonly Uint8Array[];
}

/** Pairs a plugin kind with its implementation. */
export function provide<I>(kind: PluginKind<I, unknown>, impl: NoInfer<I>): ServedPlugin {
  return {
    name: kind.name,
    register: (registrar, context) => kind.register(registrar, impl, context),
    ...(kind.descriptors === undefined ? {} : { descriptors: kind.descriptors }),
  };
}

/** What a plugin serves (go-plugin's `ServeConfig`). */
export interface ServeOptions {
  /** The magic cookie both sides agree on. */
  readonly handshake: CookiePair;
  /** What is served, by application protocol version; the highest one the host knows is chosen, else the lowest. */
  readonly versions: Readonly<Record<number, readonly ServedPlugin[]>>;
  /** Default: hclog's JSON lines on stderr, which hosts turn into their own log. */
  readonly logger?: Logger;
  /**
   * Certificates of the plugin's own (go-plugin's `TLSProvider`). Hosts need matching ones; those that ask for AutoMTLS are
   * not served. Default: AutoMTLS with hosts that ask for it, else plaintext.
   */
  readonly tls?: ManualTls;
  /** Limits and interceptors of the gRPC connections with the host, brokered ones included. Default: 128 MiB, none. */
  readonly grpc?: PluginGrpcOptions;
  /** How long running calls and `stop` may take when the host ends the plugin, milliseconds. Default 1 500. */
  readonly shutdownGraceMs?: number;
  /**
   * Runs before the handshake line is printed and before the kinds are registered; the host waits for it. A rejection
   * fails the start. Its logger is the one the kinds get.
   */
  readonly start?: (context: { readonly logger: Logger }) => Promise<void>;
  /** Runs when the plugin ends, after its calls; bounded by `shutdownGraceMs`. */
  readonly stop?: () => Promise<void>;
}

/** What {@link serve} takes besides. */
export interface ServeProcessOptions extends ServeOptions {
  /**
   * `true` when a person, a debugger or a test starts the process (go-plugin's `ServeConfig.Test`, Terraform's `-debug`):
   * no cookie is needed, what a host needs to attach is the line of JSON on stdout, and explained on stderr. Prints stay
   * on stdout and stderr. It serves one host after another until SIGINT, SIGTERM or a host's Shutdown call. Default: false.
   */
  readonly reattachable?: boolean;
  /** `true`: it lives on without its host, for another one to attach (Go's plugins do). Default: it ends with its host. */
  readonly outlivesHost?: boolean;
}

/** Environment of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What {@link startPluginServer} takes instead of the process's own environment and stdout. */
export interface PluginServerOptions extends ServeOptions {
  /** The variables go-plugin hosts set: the cookie and `PLUGIN_*`. */
  readonly env: Env;
  /** Receives the handshake line, and nothing else. */
  readonly stdout: Writable;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

/** A plugin that listens; owns its socket and nothing of the process. */
export interface PluginServer extends AsyncDisposable {
  /** The line that was written, without its newline. */
  readonly handshakeLine: string;
  readonly protocolVersion: number;
  /** Settles (never rejects) when the server ended: closed here, or by the host's Shutdown call. */
  readonly closed: Promise<void>;
  /** Finishes running calls up to `shutdownGraceMs`, runs `stop`, removes the socket. Idempotent. */
  close(): Promise<void>;
}

/** What {@link startReattachableServer} takes. */
export interface ReattachableServerOptions extends Omit<ServeOptions, "handshake"> {
  /** `PLUGIN_PROTOCOL_VERSIONS` chooses the version, `PLUGIN_UNIX_SOCKET_DIR` or `TMPDIR` the place. Default: empty. */
  readonly env?: Env;
  /** Closes the server. */
  readonly signal?: AbortSignal;
}

/** A plugin that listens for whoever attaches; owns its socket and nothing of the process. */
export interface ReattachableServer extends Omit<PluginServer, "handshakeLine"> {
  /** For the host's reattach(), or as text by {@link formatReattachInfo} for a host elsewhere. */
  readonly reattachInfo: ReattachInfo;
}
