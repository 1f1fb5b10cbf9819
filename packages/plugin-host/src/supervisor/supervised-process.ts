import type { ExitStatus } from "@fairlead/go-plugin/host";

/** A started plugin, as far as its supervisor is concerned. */
export interface SupervisedProcess<Client> {
  readonly pid: number;
  readonly client: Client;
  /** From the start of the process to its first answered health check, milliseconds. */
  readonly startMs: number;
  /** Settles (never rejects) when the process is gone. */
  readonly exited: Promise<ExitStatus>;
  /** Rejects when the plugin does not answer in time. */
  ping(options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void>;
  /** Ends the process politely, then by force. Bounded, idempotent. */
  stop(): Promise<ExitStatus>;
  /** Ends the process at once. Idempotent. */
  kill(): Promise<ExitStatus>;
}

/** Starts a plugin: checksum, spawn, handshake, TLS, first health check. */
export type StartProcess<Client> = (signal: AbortSignal) => Promise<SupervisedProcess<Client>>;
