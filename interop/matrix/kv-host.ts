import type { KvClient } from "../fixtures/kv-kind.ts";

/** How a host starts, or finds, a kv plugin. Everything has the default of go-plugin. */
export interface KvHostOptions {
  /** The plugin and its flags. */
  readonly command: readonly [string, ...string[]];
  readonly tls?: "none" | "auto";
  readonly multiplex?: boolean;
  readonly versions?: readonly number[];
  /** TMPDIR of the plugin. */
  readonly temporaryFolder: string;
  readonly startTimeoutMs?: number;
  /** Only our host has it. */
  readonly stopGraceMs?: number;
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
  /** What the plugin printed after its start. */
  stdout(): string;
  stderr(): string;
  log(): readonly LogLine[];
  ping(): Promise<void>;
  /** Ends the plugin gracefully; its exit code, null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** Rejects with an Error that has the host's own words when the plugin does not start. */
export type OpenKvHost = (options: KvHostOptions) => Promise<KvHost>;
