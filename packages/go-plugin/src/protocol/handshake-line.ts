import { PluginError } from "../plugin-error.ts";
import { CORE_PROTOCOL_VERSION } from "./constants.ts";
import { checkMultiplexField } from "./multiplex.ts";

/** Where a plugin listens. */
export type PluginAddress =
  | { readonly network: "unix"; readonly path: string }
  | { readonly network: "tcp"; readonly host: string; readonly port: number };

/** What the first line on a plugin's stdout says: `CORE|APP|NETWORK|ADDRESS|PROTOCOL|SERVERCERT[|MULTIPLEX]`. */
export interface Handshake {
  readonly appVersion: number;
  readonly address: PluginAddress;
  /** DER of the plugin's one-time certificate, when it uses AutoMTLS. */
  readonly certificate: Uint8Array | undefined;
  /** The seventh field: written only when the host asked about multiplexing, read only when it wants to. */
  readonly multiplex?: boolean;
}

// Before AutoMTLS, some plugins put other short data into the sixth field; go-plugin tells them apart by length.
const LONGEST_LEGACY_EXTRA = 50;

/** Writes the line, without its newline. The sixth field is always there, as in go-plugin. */
export function formatHandshakeLine(handshake: Handshake): string {
  const { appVersion, address, certificate, multiplex } = handshake;
  const fields = [
    String(CORE_PROTOCOL_VERSION),
    String(appVersion),
    address.network,
    formatAddress(address),
    "grpc",
    // Go decodes with RawStdEncoding: padding is fatal there.
    certificate === undefined ? "" : Buffer.from(certificate).toString("base64").replaceAll("=", ""),
  ];
  if (multiplex !== undefined) fields.push(String(multiplex));
  return fields.join("|");
}

/**
 * Reads the line, checking in go-plugin's order (client.go: Start): number of fields, core version, application version,
 * address, protocol, certificate, multiplexing if the host wants it. `knownVersions` are the application versions of the
 * host.
 */
export function parseHandshakeLine(
  line: string,
  knownVersions: readonly number[],
  wanted: { readonly multiplex: boolean } = { multiplex: false },
): Handshake {
  const [core, app, network, address, protocol, certificateField, multiplexField] = line.trim().split("|");
  if (core === undefined || app === undefined || network === undefined || address === undefined) {
    throw malformed(`Unrecognized remote plugin message: ${quoteLine(line.trim()) || "(an empty line)"}`);
  }
  checkCoreVersion(core);
  const appVersion = parseAppVersion(app, knownVersions);
  const parsedAddress = parseAddress(network, address);
  checkProtocol(protocol ?? "netrpc");
  const certificate = parseCertificateField(certificateField ?? "");
  if (!wanted.multiplex) return { appVersion, address: parsedAddress, certificate };
  checkMultiplexField(multiplexField);
  return { appVersion, address: parsedAddress, certificate, multiplex: true };
}

/** The address as Go writes it. */
export function formatAddress(address: PluginAddress): string {
  if (address.network === "unix") return address.path;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** A plugin's line for an error message: bounded, and without control characters that would garble a terminal. */
export function quoteLine(line: string): string {
  const shown = line.length > 300 ? `${line.slice(0, 300)}… (${line.length} characters)` : line;
  return shown.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

function checkCoreVersion(field: string): void {
  const version = parseInteger(field);
  if (version === undefined) {
    throw malformed(
      `error parsing core protocol version: strconv.Atoi: parsing ${JSON.stringify(field)}: invalid syntax`,
    );
  }
  if (version !== CORE_PROTOCOL_VERSION) {
    throw new PluginError(
      "ERR_CORE_VERSION",
      `incompatible core API version with plugin. Plugin version: ${version}, Core version: ${CORE_PROTOCOL_VERSION}\n`,
      { details: { pluginVersion: version, coreVersion: CORE_PROTOCOL_VERSION } },
    );
  }
}

function parseAppVersion(field: string, known: readonly number[]): number {
  const version = parseInteger(field);
  if (version === undefined) {
    throw malformed(`Error parsing protocol version ${JSON.stringify(field)}: strconv.Atoi: invalid syntax`);
  }
  if (!known.includes(version)) throw unknownVersion(version, known);
  return version;
}

/** The host has no kinds of the plugin's version. */
export function unknownVersion(version: number, known: readonly number[]): PluginError {
  return new PluginError(
    "ERR_APP_VERSION",
    `incompatible API version with plugin. Plugin version: ${version}, Client versions: [${known.join(" ")}]`,
    { details: { pluginVersion: version, hostVersions: known } },
  );
}

/** Reads the two fields of an address. Throws `ERR_HANDSHAKE_MALFORMED`. */
export function parseAddress(network: string, address: string): PluginAddress {
  switch (network) {
    case "unix":
      if (address === "" || address.includes("\0")) throw malformed(`invalid unix address ${JSON.stringify(address)}`);
      return { network, path: address };
    case "tcp":
      return { network, ...parseTcpAddress(address) };
    default:
      // go-plugin prints the address here, not the network.
      throw malformed(`unknown address type: ${quoteLine(address)} (network ${JSON.stringify(quoteLine(network))})`);
  }
}

function parseTcpAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  if (colon === -1) throw malformed(`address ${quoteLine(address)}: missing port in address`);
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const port = parseInteger(address.slice(colon + 1));
  if (port === undefined || port < 1 || port > 65_535) throw malformed(`address ${quoteLine(address)}: invalid port`);
  if (host.includes("\0")) throw malformed(`address ${quoteLine(address)}: invalid host`);
  return { host: host === "" ? "127.0.0.1" : host, port };
}

function checkProtocol(protocol: string): void {
  if (protocol === "grpc") return;
  throw new PluginError(
    "ERR_UNSUPPORTED_PROTOCOL",
    `unsupported plugin protocol ${JSON.stringify(quoteLine(protocol))}. Supported: [grpc]`,
    { details: { protocol } },
  );
}

function parseCertificateField(field: string): Uint8Array | undefined {
  if (field.length <= LONGEST_LEGACY_EXTRA) return undefined;
  // Node's decoder skips what it does not know; a certificate is taken as it is or not at all. Padding, which Go
  // refuses, changes nothing about the bytes.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(field)) {
    const position = field.search(/[^A-Za-z0-9+/]/);
    throw new PluginError(
      "ERR_TLS_IDENTITY",
      `error parsing server cert: illegal base64 data at input byte ${position}`,
    );
  }
  return Buffer.from(field, "base64");
}

// What Go's strconv.Atoi takes, as far as a number can hold it.
function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

function malformed(message: string): PluginError {
  return new PluginError("ERR_HANDSHAKE_MALFORMED", message);
}
