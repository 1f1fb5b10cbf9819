import { Writable } from "node:stream";
import type { Logger, LogFields, LogLevel } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { ExitStatus } from "@fairlead/go-plugin/host";
import type { AuthClient } from "../auth/auth-client.ts";
import { authKind } from "../auth/auth-kind.ts";
import type { EventSearcherClient } from "../eventsearcher/eventsearcher-client.ts";
import { eventSearcherKind } from "../eventsearcher/eventsearcher-kind.ts";
import type { GateClient } from "../gate/gate-client.ts";
import { gateKind } from "../gate/gate-kind.ts";
import {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
} from "../handshakes.ts";
import type { IpFilterClient } from "../ipfilter/ipfilter-client.ts";
import { ipFilterKind } from "../ipfilter/ipfilter-kind.ts";
import type { KmsClient } from "../kms/kms-client.ts";
import { kmsKind } from "../kms/kms-kind.ts";
import type { NotifierClient } from "../notifier/notifier-client.ts";
import { notifierKind } from "../notifier/notifier-kind.ts";
import { pluginInfoKind } from "../plugin-info/plugin-info-kind.ts";
import type { PluginInfo } from "../plugin-info/plugin-info.ts";
import type { PluginType } from "../serve/served-kind.ts";

/** How to start a plugin's executable. */
export interface SpawnOptions<Kind extends PluginType> {
  /** The executable, as `cmd` of the server's configuration. */
  readonly command: string;
  /** Its arguments. Default: none. */
  readonly args?: readonly string[];
  /** Its whole environment but for PATH, which is this process's unless it is given. Default: nothing more. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it is started for: one type as SFTPGo does, or several as Fairlead does. */
  readonly kinds: readonly [Kind, ...Kind[]];
  /** `false`: as with `auto_mtls` false. Default: true. */
  readonly autoMtls?: boolean;
  /** How long it may take to be ready, milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
}

/** The client of each type. */
export interface PluginClients {
  readonly notifier: NotifierClient;
  readonly auth: AuthClient;
  readonly kms: KmsClient;
  readonly ipfilter: IpFilterClient;
  readonly eventsearcher: EventSearcherClient;
}

/** What the plugin wrote to the server's log. */
export interface PluginLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A plugin process under test. */
export interface SpawnedPlugin<Kind extends PluginType> extends AsyncDisposable {
  readonly pid: number;
  /** Of each type it was started for. */
  readonly clients: Pick<PluginClients, Kind>;
  /** Of its gate; calls fail with UNIMPLEMENTED when it has none. */
  readonly gate: GateClient;
  /** What it says about itself; `undefined` when it is not made with this SDK. */
  readonly info: PluginInfo | undefined;
  /** The log so far, oldest first, and whole once the plugin is stopped; with the host's own remarks about it. */
  readonly log: readonly PluginLogLine[];
  /** What it wrote to stderr so far, log lines as they were. */
  readonly stderr: string;
  /** What it has printed to stdout so far, without its handshake. */
  readonly stdout: string;
  /** Settles when the process is gone. */
  readonly exited: Promise<ExitStatus>;
  /** Ends it as a server does. Idempotent. */
  stop(): Promise<ExitStatus>;
}

const KINDS = {
  notifier: { kind: notifierKind, handshake: NOTIFIER_HANDSHAKE },
  auth: { kind: authKind, handshake: AUTH_HANDSHAKE },
  kms: { kind: kmsKind, handshake: KMS_HANDSHAKE },
  ipfilter: { kind: ipFilterKind, handshake: IPFILTER_HANDSHAKE },
  eventsearcher: { kind: eventSearcherKind, handshake: EVENTSEARCHER_HANDSHAKE },
} as const;

const versions = {
  1: {
    notifier: notifierKind,
    auth: authKind,
    kms: kmsKind,
    ipfilter: ipFilterKind,
    eventsearcher: eventSearcherKind,
    gate: gateKind,
    info: pluginInfoKind,
  },
} as const;

/**
 * Starts a plugin's executable as a server does and resolves when it is ready: the same handshake, the same environment
 * built from nothing, AutoMTLS. Rejects with the `PluginError` that a server would log. Stop it when the test ends.
 */
export async function spawnPlugin<const Kind extends PluginType>(
  options: SpawnOptions<Kind>,
): Promise<SpawnedPlugin<Kind>> {
  const [first, ...others] = options.kinds;
  const log: PluginLogLine[] = [];
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const cookies = others.map((type) => [KINDS[type].handshake.key, KINDS[type].handshake.value]);
  const plugin = await launch({
    command: options.command,
    args: options.args ?? [],
    env: { ...findPath(), ...options.env, ...(Object.fromEntries(cookies) as Record<string, string>) },
    handshake: KINDS[first].handshake,
    versions,
    tls: options.autoMtls === false ? "none" : "auto",
    ...(options.startTimeoutMs !== undefined && { startTimeoutMs: options.startTimeoutMs }),
    logger: createLogCollector(log),
    stdio: { stdout, rawStderr: stderr },
  });
  const clients = Object.fromEntries(options.kinds.map((type) => [type, plugin.dispense(type)]));
  const stop = (): Promise<ExitStatus> => plugin.stop();
  const info = await plugin
    .dispense("info")
    .describe()
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  return {
    pid: plugin.pid,
    // One for each type that was asked for.
    clients: clients as unknown as Pick<PluginClients, Kind>,
    gate: plugin.dispense("gate"),
    info,
    log,
    get stderr() {
      return stderr.text;
    },
    get stdout() {
      return stdout.text;
    },
    exited: plugin.exited,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function findPath(): Readonly<Record<string, string>> {
  const path = process.env["PATH"];
  return path === undefined ? {} : { PATH: path };
}

function createLogCollector(lines: PluginLogLine[], outer: LogFields = {}): Logger {
  return {
    log: (level, message, fields) => void lines.push({ level, message, fields: { ...outer, ...fields } }),
    child: (fields) => createLogCollector(lines, { ...outer, ...fields }),
  };
}

class TextSink extends Writable {
  readonly #decoder = new TextDecoder();
  text = "";

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += this.#decoder.decode(chunk, { stream: true });
    done();
  }
}
