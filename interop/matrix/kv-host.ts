import type { KvClient } from "../fixtures/kv-client.ts";

/** How a host starts a kv plugin. Everything has the default of go-plugin. */
export interface LaunchKvOptions extends Omit<AttachKvOptions, "tls"> {
  readonly tls?: "none" | "auto" | TlsFolder;
  /** One connection for everything brokered. */
  readonly multiplex?: boolean;
  readonly startTimeoutMs?: number;
  readonly ports?: { readonly min: number; readonly max: number };
  /** The parent of the sockets' folder, and who may use them. */
  readonly sockets?: { readonly folder?: string; readonly group?: string };
  /** Only our host has it. */
  readonly stopGraceMs?: number;
}

/** Manual TLS: with the cert.pem, key.pem and ca.pem of a folder. */
export interface TlsFolder {
  readonly folder: string;
}

/** How a host attaches to a kv plugin that runs already. */
export interface AttachKvOptions {
  readonly tls?: "none" | TlsFolder;
  readonly versions?: readonly number[];
}

/** The plugin, and what the test gives it. */
export interface KvPluginFile {
  /** Its executable and its flags. */
  readonly command: readonly [string, ...string[]];
  /** Its TMPDIR. */
  readonly temporaryFolder: string;
}

/** One line of the host's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A host, ours or Go's, with its one plugin. Calls fail with GrpcError, whichever it is. */
export interface KvHost extends AsyncDisposable {
  readonly kv: KvClient;
  readonly pid: number;
  readonly version: number;
  /** For another host to attach to the plugin. */
  readonly reattach: string;
  /** What the plugin printed after its start. */
  stdout(): string;
  stderr(): string;
  log(): readonly LogLine[];
  ping(): Promise<void>;
  /** Kills the host; undefined when that would be this very process. */
  readonly killHost?: () => void;
  /** Ends the plugin gracefully; its exit code, null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** A program that hosts kv plugins. Rejects in its own words when there is no plugin to be had. */
export interface KvHostProgram {
  launch(plugin: KvPluginFile, options: LaunchKvOptions): Promise<KvHost>;
  /** `reattach` as Terraform writes it. */
  attach(reattach: string, options: AttachKvOptions): Promise<KvHost>;
}
