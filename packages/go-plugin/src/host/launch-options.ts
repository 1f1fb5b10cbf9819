import type { Writable } from "node:stream";
import type { HostGrpcOptions } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import type { CookiePair, PluginKind } from "../plugin-kind.ts";
import type { ManualTls } from "../tls/manual-tls.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import type { Runner } from "./runner.ts";
import type { SocketPlace } from "./socket-folder.ts";

/** Plugin kinds by the name they are dispensed under. */
export type KindMap = Readonly<Record<string, PluginKind<never, unknown>>>;

/** The client a kind makes on the host's side. */
export type ClientOf<Kind> = Kind extends { connect(...args: never[]): infer Client } ? Client : never;

/** The checksum of the file that will be executed (go-plugin's `SecureConfig`). */
export interface Checksum {
  readonly algorithm: "sha256";
  /** 64 hexadecimal digits, either case. */
  readonly hex: string;
}

/** How to start a plugin (go-plugin's `ClientConfig`). */
export interface LaunchOptions<K extends KindMap> {
  /** Executable to run: a path, relative to `cwd`, or a name that is looked up in this process's PATH. No shell is involved. */
  readonly command: string;
  /** Arguments of the command. Default: none. */
  readonly args?: readonly string[];
  /** Working folder of the plugin. Default: the host's. */
  readonly cwd?: string;
  /**
   * The plugin's whole environment: nothing is inherited (go-plugin's `SkipHostEnv`). The protocol's own `PLUGIN_*`
   * variables are added by launch(), and removed from here when it does not set them itself.
   */
  readonly env: Readonly<Record<string, string>>;
  /** The magic cookie both sides agree on. */
  readonly handshake: CookiePair;
  /** The kinds the host knows, by application protocol version. At least one version. */
  readonly versions: Readonly<Record<number, K>>;
  /**
   * `"auto"`: one-time certificates on both sides (AutoMTLS). Certificates of the host's own (go-plugin's `TLSConfig`):
   * the plugin needs matching ones. Whichever it is, the start fails when the plugin does otherwise. Default: none.
   */
  readonly tls?: "auto" | "none" | ManualTls;
  /**
   * One connection for everything, brokered connections too (go-plugin's `GRPCBrokerMultiplex`): for plugins of which no
   * other socket can be reached, in containers. Fails with `ERR_MUX_UNSUPPORTED` where the plugin does not. A plugin made
   * with Go may end when an id is dialled before it accepts it: dial what it has told. Default false.
   */
  readonly multiplex?: boolean;
  /** Checked before the process is started. Default: not checked. */
  readonly checksum?: Checksum;
  /** From the call of launch(), checksum included, to the first answered health check, milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** How long each step of stop() may take before the next harder one, milliseconds. Default 2 000. */
  readonly stopGraceMs?: number;
  /** Limits and interceptors of the gRPC connections to the plugin, brokered ones included. Default: 128 MiB, none. */
  readonly grpc?: HostGrpcOptions;
  /** Ports offered to plugins that listen on tcp (Windows). Default 10000 to 25000, as in go-plugin. */
  readonly ports?: { readonly min: number; readonly max: number };
  /** Aborts the start; once launched, kills the plugin. */
  readonly signal?: AbortSignal;
  /** Receives the plugin's log (its stderr) and the host's own events. Default: silent. */
  readonly logger?: Logger;
  /**
   * `stdout`, `stderr`: receive what the plugin's code prints after the handshake (go-plugin's `SyncStdout`,
   * `SyncStderr`); a slow one slows the plugin down. `rawStderr`: a copy of the process's own stderr, byte for byte, which
   * is its log and whatever its runtime says when it crashes (go-plugin's `Stderr`); when it is slow, 1 MiB waits and what
   * is more is dropped. None is ended. Default: dropped.
   */
  readonly stdio?: { readonly stdout?: Writable; readonly stderr?: Writable; readonly rawStderr?: Writable };
  /**
   * Longest line of the plugin's log, bytes; a longer one is logged in pieces and not parsed (go-plugin's
   * `PluginLogBufferSize`). 1 KiB to 16 MiB. Default 64 KiB.
   */
  readonly maxLogLineBytes?: number;
  /** Where sockets are, the plugin's and the host's own (go-plugin's `UnixSocketConfig`). */
  readonly sockets?: SocketPlace;
  /**
   * The plugin protocols the host speaks (go-plugin's `AllowedProtocols`): gRPC, and never net/rpc, which only Go programs
   * can. Default `["grpc"]`.
   */
  readonly protocols?: readonly "grpc"[];
  /** For logs and errors. Default: base name of the command. */
  readonly name?: string;
  /** stdin of the plugin: nothing, or the host's own (as in go-plugin). Not with a `runner`. Default `"ignore"`. */
  readonly stdin?: "ignore" | "inherit";
  /**
   * Starts the plugin, in another way than as a child process (go-plugin's `RunnerFunc`). It gets `command` as it is
   * given here, and `checksum` is refused: what will run is not for the host to know.
   */
  readonly runner?: Runner;
  /**
   * `false`: neither {@link stopAllPlugins} nor the exit of this process ends the plugin (go-plugin's `Managed`, where
   * false is the default). For plugins that a later host attaches to; they must bear that their pipes break. Default
   * `true`.
   */
  readonly managed?: boolean;
  /**
   * Called once when the launched plugin is gone, whatever ended it; `exited` settles right after. Not called when the
   * start fails. (go-plugin has no equivalent.)
   */
  readonly onExit?: (exit: ExitStatus) => void;
}

/** How a process ended: `code` or `signal` is set, never both; neither when that is not known. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Where a plugin is in its life (go-plugin's `Client.Exited`, and more). */
export type PluginState =
  | { readonly status: "running" }
  /** stop() or kill() was called, or the connection was lost. */
  | { readonly status: "stopping" }
  | { readonly status: "exited"; readonly exit: ExitStatus };

/** A plugin that is started, connected and healthy. */
export interface PluginProcess<K extends KindMap> extends AsyncDisposable {
  /** 0 when a runner started the plugin elsewhere. */
  readonly pid: number;
  /** What the runner knows it by; a child process by its pid (go-plugin's `Client.ID`). */
  readonly id: string;
  /** The application protocol version the plugin chose. */
  readonly protocolVersion: number;
  /** From the start of the process to the first answered health check, milliseconds. */
  readonly startMs: number;
  readonly state: PluginState;
  /** Settles (never rejects) when the process is gone. */
  readonly exited: Promise<ExitStatus>;
  /**
   * What another host needs to attach to this plugin (go-plugin's `Client.ReattachConfig`). With AutoMTLS nobody else
   * can: its certificates are made for one host.
   */
  readonly reattachInfo: ReattachInfo;
  /** The client of one kind; no call is made. Throws `ERR_UNKNOWN_PLUGIN` when the negotiated version lacks the kind. */
  dispense<N extends keyof K & string>(name: N): ClientOf<K[N]>;
  /**
   * Asks the plugin's health service for an answer; any answer counts, as in go-plugin. Default timeout 5 000 ms. Rejects
   * with `ERR_PLUGIN_UNHEALTHY` or `ERR_PLUGIN_GONE`.
   */
  ping(options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number }): Promise<void>;
  /** Ends the plugin (go-plugin's `Kill`): Shutdown call, then SIGTERM, then SIGKILL, each bounded by `stopGraceMs`. Idempotent. */
  stop(): Promise<ExitStatus>;
  /** SIGKILL at once. Idempotent. */
  kill(): Promise<ExitStatus>;
}

/** The type of launch(), for callers that take it as an argument. */
export type Launch = <const K extends KindMap>(options: LaunchOptions<K>) => Promise<PluginProcess<K>>;
