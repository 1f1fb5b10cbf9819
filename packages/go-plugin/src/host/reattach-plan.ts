import type { Logger } from "../logger.ts";
import { unknownVersion } from "../protocol/handshake-line.ts";
import { formatReattachInfo, parseReattachInfo } from "../protocol/reattach-info.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import { createManualTls } from "../tls/manual-tls.ts";
import type { ManualTls } from "../tls/manual-tls.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import type { KindMap, LaunchOptions } from "./launch-options.ts";
import type { OpenPlan } from "./open-plugin.ts";
import { isFunction, isRecord, OptionRules } from "./option-rules.ts";
import type { AttachedRunner } from "./runner.ts";
import type { StdioSinks } from "./stdio-sink.ts";

/** How to attach to a plugin that runs already; each option as in {@link LaunchOptions}. */
export interface ReattachOptions<K extends KindMap> extends Pick<
  LaunchOptions<K>,
  "versions" | "stopGraceMs" | "signal" | "logger" | "onExit" | "grpc"
> {
  /** Certificates of the host's own, for a plugin that has some too. Default: plaintext. */
  readonly tls?: ManualTls;
  /** From the call to the first answered health check, milliseconds. Default 60 000. */
  readonly startTimeoutMs?: number;
  /** Receive what the plugin's code prints, of which other hosts get their share. Default: dropped. */
  readonly stdio?: StdioSinks;
  /** Whether {@link stopAllPlugins} stops it too. The exit of this process never ends it. Default `true`. */
  readonly managed?: boolean;
  /** For logs and errors. Default: `pid` and the number. */
  readonly name?: string;
  /**
   * Looks after a plugin that is no process of this machine (go-plugin's `ReattachFunc`): how to tell its end, how to
   * end it. `info.pid` is then of no importance. Default: its process.
   */
  readonly runner?: AttachedRunner;
}

/** {@link ReattachOptions} checked and with its defaults filled in. */
export interface ReattachPlan extends OpenPlan {
  readonly info: ReattachInfo;
  readonly startTimeoutMs: number;
  readonly managed: boolean;
  readonly logger: Logger;
  readonly runner: AttachedRunner | undefined;
  readonly tls: PeerTls | undefined;
}

const rules = new OptionRules("reattach");

/** Checks everything before anything is done with it; throws `ERR_INVALID_OPTION`, `ERR_APP_VERSION`. */
export function planReattach(given: ReattachInfo, options: ReattachOptions<KindMap>): ReattachPlan {
  checkForm(options);
  const info = readInfo(given, options.runner);
  const kinds = rules.readVersions(options.versions);
  if (!kinds.has(info.protocolVersion)) throw unknownVersion(info.protocolVersion, [...kinds.keys()]);
  const name = options.name ?? `pid ${info.pid}`;
  return {
    info,
    name,
    kinds,
    startTimeoutMs: rules.readDuration("startTimeoutMs", options.startTimeoutMs ?? 60_000),
    stopGraceMs: rules.readDuration("stopGraceMs", options.stopGraceMs ?? 2_000),
    managed: options.managed ?? true,
    signal: options.signal ?? new AbortController().signal,
    logger: rules.readLogger(options.logger, name),
    stdio: options.stdio ?? {},
    grpc: rules.readGrpc(options.grpc),
    onExit: options.onExit,
    runner: options.runner,
    tls: options.tls === undefined ? undefined : createManualTls(options.tls, "plugin"),
  };
}

// What launch() has and reattach() cannot: in go-plugin's words where it has some.
function checkForm(options: { readonly [Option in keyof LaunchOptions<KindMap> | "multiplex"]?: unknown }): void {
  if (options.multiplex === true) {
    throw rules.invalid("multiplex", "is true: gRPC broker multiplexing is not supported with Reattach config");
  }
  if (options.checksum !== undefined) {
    throw rules.invalid("checksum", "is set: only one of Reattach or SecureConfig can be set");
  }
  if (options.tls === "auto") {
    throw rules.invalid("tls", 'is "auto": the certificates of AutoMTLS are made for the host that launches a plugin');
  }
  if (options.tls !== undefined && !isRecord(options.tls)) throw rules.invalid("tls", "is no object of certificates");
  if (isRecord(options.stdio) && options.stdio["rawStderr"] !== undefined) {
    throw rules.invalid("stdio.rawStderr", "is set: the plugin's stderr belongs to whoever started it");
  }
  const { runner } = options;
  if (runner !== undefined && !(isRecord(runner) && isFunction(runner["kill"]))) {
    throw rules.invalid("runner", "has no method kill");
  }
  rules.checkSinks(options.stdio);
  rules.checkSignal(options.signal);
  rules.checkBoolean("managed", options.managed);
  rules.checkCallback("onExit", options.onExit);
}

/** As strict as with what came from outside as text. */
function readInfo(info: unknown, runner: AttachedRunner | undefined): ReattachInfo {
  if (!isRecord(info) || !isRecord(info["address"])) {
    throw rules.invalid("info", "has no address: it is what reattachInfo gives, and parseReattachInfo()");
  }
  const given = info as unknown as ReattachInfo;
  // A runner knows its plugin by another id.
  const pid = runner === undefined ? given.pid : (runner.pid ?? 1);
  const read = parseReattachInfo(writeInfo({ ...given, pid }));
  if (pid === process.pid && read.test !== true) {
    throw rules.invalid("info", `has the id of this very process, ${pid}, and is not for tests`);
  }
  if (pid === 1 && runner === undefined && read.test !== true) {
    throw rules.invalid("info", "has the id 1, which is the system's first process, and is not for tests");
  }
  return { ...read, pid: runner === undefined ? pid : (runner.pid ?? 0) };
}

function writeInfo(info: ReattachInfo): string {
  try {
    return formatReattachInfo(info);
  } catch (cause) {
    throw rules.invalid("info", `has an address that is none: ${String(cause)}`);
  }
}
