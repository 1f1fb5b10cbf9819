import { PluginError } from "../plugin-error.ts";
import { formatAddress, parseAddress } from "./handshake-line.ts";
import type { PluginAddress } from "./handshake-line.ts";

/** What a host needs to attach to a plugin that runs already (go-plugin's `ReattachConfig`). */
export interface ReattachInfo {
  /** The application protocol version the plugin serves. */
  readonly protocolVersion: number;
  /** Where the plugin listens. */
  readonly address: PluginAddress;
  /** The plugin's process. */
  readonly pid: number;
  /** The plugin was started by hand, by a debugger or by a test: hosts use it and let it live. Default: false. */
  readonly test?: boolean;
}

// A path, a number or two, and whatever a newer version adds.
const MAX_TEXT_CHARACTERS = 64 * 1024;
const MAX_PID = 2 ** 31 - 1;

/**
 * Writes the JSON that Terraform reads as one entry of `TF_REATTACH_PROVIDERS`, whose value maps a provider's address to
 * it: `{"Protocol":"grpc","ProtocolVersion":1,"Pid":4711,"Test":true,"Addr":{"Network":"unix","String":"/tmp/s"}}`.
 */
export function formatReattachInfo(info: ReattachInfo): string {
  return JSON.stringify({
    Protocol: "grpc",
    ProtocolVersion: info.protocolVersion,
    Pid: info.pid,
    Test: info.test === true,
    Addr: { Network: info.address.network, String: formatAddress(info.address) },
  });
}

/**
 * Reads what {@link formatReattachInfo} writes, or a whole `TF_REATTACH_PROVIDERS`: then `name` is the entry to take, or
 * the only one is taken. Throws `ERR_INVALID_OPTION` for anything else, `ERR_UNSUPPORTED_PROTOCOL` for a net/rpc plugin.
 */
export function parseReattachInfo(text: string, name?: string): ReattachInfo {
  const value = selectEntry(parseObject(text), name);
  const { Protocol: protocol, ProtocolVersion: protocolVersion, Pid: pid, Test: test, Addr: addr } = value;
  // Go takes a missing protocol for net/rpc.
  if (protocol !== "grpc") {
    const shown = protocol === undefined || protocol === "" ? "netrpc" : protocol;
    throw new PluginError(
      "ERR_UNSUPPORTED_PROTOCOL",
      `unsupported plugin protocol ${JSON.stringify(shown)}. Supported: [grpc]`,
    );
  }
  if (!isWholeNumber(protocolVersion, 0, Number.MAX_SAFE_INTEGER)) throw invalid("ProtocolVersion is no whole number");
  // 0 and negative ones mean whole process groups to kill(2).
  if (!isWholeNumber(pid, 1, MAX_PID)) throw invalid("Pid is not the id of a process");
  if (test !== undefined && typeof test !== "boolean") throw invalid("Test is neither true nor false");
  return { protocolVersion, address: readAddress(addr), pid, ...(test === undefined ? {} : { test }) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (typeof text !== "string") throw invalid("it is no text");
  if (text.length > MAX_TEXT_CHARACTERS) throw invalid(`it has ${text.length} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
  if (!isRecord(parsed)) throw invalid("it is not a JSON object");
  return parsed;
}

function selectEntry(
  value: Readonly<Record<string, unknown>>,
  name: string | undefined,
): Readonly<Record<string, unknown>> {
  if (name === undefined && Object.hasOwn(value, "Addr")) return value;
  const names = Object.keys(value);
  const chosen = name ?? (names.length === 1 ? names[0]! : undefined);
  if (chosen === undefined) throw invalid(`it has ${names.length} entries: say which one to take`);
  const entry = Object.hasOwn(value, chosen) ? value[chosen] : undefined;
  if (!isRecord(entry)) throw invalid(`it has no entry ${JSON.stringify(chosen.slice(0, 100))}`);
  return entry;
}

function readAddress(addr: unknown): PluginAddress {
  if (!isRecord(addr) || typeof addr["Network"] !== "string" || typeof addr["String"] !== "string") {
    throw invalid("Addr is not an object with the texts Network and String");
  }
  try {
    return parseAddress(addr["Network"], addr["String"]);
  } catch (cause) {
    throw invalid(`Addr: ${PluginError.is(cause) ? cause.summary : String(cause)}`, cause);
  }
}

function isWholeNumber(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(problem: string, cause?: unknown): PluginError {
  return new PluginError("ERR_INVALID_OPTION", `what to reattach to makes no sense: ${problem}`, { cause });
}
