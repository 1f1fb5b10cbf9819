import { basename, isAbsolute } from "node:path";
import type { PeerGrpc } from "../grpc-options.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import type { CookiePair } from "../plugin-kind.ts";
import { createManualTls } from "../tls/manual-tls.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import { MAX_LINE_BYTES } from "../protocol/constants.ts";
import { parseChecksum } from "./checksum.ts";
import type { Checksum, ExitStatus, KindMap, LaunchOptions } from "./launch-options.ts";
import { isFunction, isRecord, OptionRules } from "./option-rules.ts";
import type { Runner } from "./runner.ts";
import type { SocketPlace } from "./socket-folder.ts";

/** {@link LaunchOptions} checked and with its defaults filled in. */
export interface LaunchPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cookie: CookiePair;
  readonly kinds: ReadonlyMap<number, KindMap>;
  readonly tls: "auto" | "none" | PeerTls;
  readonly multiplex: boolean;
  readonly grpc: PeerGrpc;
  readonly checksum: Checksum | undefined;
  readonly startTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly ports: { readonly min: number; readonly max: number };
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly stdio: NonNullable<LaunchOptions<KindMap>["stdio"]>;
  readonly maxLogLineBytes: number;
  readonly sockets: SocketPlace;
  readonly stdin: "ignore" | "inherit";
  readonly runner: Runner | undefined;
  readonly managed: boolean;
  readonly onExit: ((exit: ExitStatus) => void) | undefined;
}

const rules = new OptionRules("launch");
const invalid = rules.invalid.bind(rules);

/** Checks the options before anything is done with them; throws `ERR_INVALID_OPTION`. */
export function planLaunch(options: LaunchOptions<KindMap>): LaunchPlan {
  checkForm(options);
  if (options.command === "") throw invalid("command", "is empty");
  if (options.handshake.key === "" || options.handshake.value === "") {
    throw invalid("handshake", "needs a magic cookie key and value");
  }
  if (options.checksum !== undefined) parseChecksum(options.checksum);
  if (options.runner !== undefined) checkRunner(options.runner, options);
  const name = options.name ?? basename(options.command);
  return {
    name,
    command: options.command,
    args: options.args ?? [],
    cwd: options.cwd ?? process.cwd(),
    env: options.env,
    cookie: options.handshake,
    kinds: rules.readVersions(options.versions),
    tls: readTls(options.tls),
    multiplex: options.multiplex ?? false,
    grpc: rules.readGrpc(options.grpc),
    checksum: options.checksum,
    startTimeoutMs: rules.readDuration("startTimeoutMs", options.startTimeoutMs ?? 60_000),
    stopGraceMs: rules.readDuration("stopGraceMs", options.stopGraceMs ?? 2_000),
    ports: readPorts(options.ports ?? { min: 10_000, max: 25_000 }),
    signal: options.signal ?? new AbortController().signal,
    logger: rules.readLogger(options.logger, name),
    stdio: options.stdio ?? {},
    maxLogLineBytes: readLineLimit(options.maxLogLineBytes ?? MAX_LINE_BYTES),
    sockets: options.sockets ?? {},
    stdin: options.stdin ?? "ignore",
    runner: options.runner,
    managed: options.managed ?? true,
    onExit: options.onExit,
  };
}

// go-plugin finds out about the checksum after it has called the runner's factory: it has no path to check.
function checkRunner(runner: unknown, { checksum, stdin }: LaunchOptions<KindMap>): void {
  if (!isRecord(runner) || !isFunction(runner["start"])) throw invalid("runner", "has no method start");
  if (checksum !== undefined) throw invalid("checksum", "cannot be verified for a plugin that a runner starts");
  if (stdin !== undefined) throw invalid("stdin", "is up to the runner that starts the plugin");
}

// Callers without types: what is missing must neither start a plugin in another way nor fail in the middle of it.
function checkForm(options: { readonly [Option in keyof LaunchOptions<KindMap>]?: unknown }): void {
  const { command, handshake, env, tls, stdin } = options;
  if (typeof command !== "string") throw invalid("command", "is not set: give the executable to run");
  if (!isRecord(handshake) || typeof handshake["key"] !== "string" || typeof handshake["value"] !== "string") {
    throw invalid("handshake", "needs a magic cookie key and value");
  }
  if (!isRecord(env)) throw invalid("env", "is not set: give the plugin's whole environment, {} for an empty one");
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== "string") throw invalid("env", `has no text for ${name}: leave the variable out`);
  }
  if (tls !== undefined && tls !== "auto" && tls !== "none" && !isRecord(tls)) {
    // Not shown: it may be a private key.
    throw invalid("tls", 'is none of "auto", "none" and certificates');
  }
  if (stdin !== undefined && stdin !== "ignore" && stdin !== "inherit") {
    throw invalid("stdin", `is ${JSON.stringify(stdin)}: expected "ignore" or "inherit"`);
  }
  rules.checkBoolean("multiplex", options.multiplex);
  checkProtocols(options.protocols);
  checkSockets(options.sockets);
  rules.checkSinks(options.stdio);
  rules.checkSignal(options.signal);
  rules.checkBoolean("managed", options.managed);
  rules.checkCallback("onExit", options.onExit);
}

function readTls(tls: LaunchOptions<KindMap>["tls"]): LaunchPlan["tls"] {
  if (tls === undefined) return "none";
  return typeof tls === "string" ? tls : createManualTls(tls, "plugin");
}

// One clear sentence now, instead of a plugin that is killed when its handshake line says netrpc.
function checkProtocols(protocols: unknown): void {
  if (protocols === undefined) return;
  if (!Array.isArray(protocols) || protocols.length === 0) {
    throw invalid("protocols", 'is no list of protocols: expected ["grpc"]');
  }
  const other: unknown = protocols.find((protocol) => protocol !== "grpc");
  if (other === undefined) return;
  throw new PluginError(
    "ERR_UNSUPPORTED_PROTOCOL",
    `launch: option protocols has ${JSON.stringify(other)}: only "grpc" can be hosted, net/rpc exists in Go alone`,
    { details: { option: "protocols", protocol: other } },
  );
}

function checkSockets(sockets: unknown): void {
  if (sockets === undefined) return;
  if (!isRecord(sockets)) throw invalid("sockets", "has neither folder nor group");
  const { folder, group } = sockets;
  if (folder !== undefined && !(typeof folder === "string" && isAbsolute(folder))) {
    throw invalid("sockets.folder", `is ${JSON.stringify(folder)}: expected an absolute path`);
  }
  if (group !== undefined && !(typeof group === "string" && /^[^\s:]+$/.test(group))) {
    throw invalid("sockets.group", `is ${JSON.stringify(group)}: expected the name or number of a group`);
  }
}

function readLineLimit(value: number): number {
  if (Number.isInteger(value) && value >= 1_024 && value <= 16 * 1_024 * 1_024) return value;
  throw invalid("maxLogLineBytes", `is ${value}: expected 1024 to 16777216`);
}

function readPorts(ports: LaunchPlan["ports"]): LaunchPlan["ports"] {
  if (isPort(ports.min) && isPort(ports.max) && ports.min <= ports.max) return ports;
  throw invalid("ports", `is ${ports.min} to ${ports.max}: expected a range within 0 to 65535`);
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}
