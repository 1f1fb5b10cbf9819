import type { Server } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { PluginError } from "../plugin-error.ts";
import { TLS_SERVER_NAME } from "../protocol/constants.ts";
import { certificateToPem } from "./certificate.ts";
import type { Identity } from "./certificate.ts";

/**
 * How one side speaks TLS with the other. Both sides dial and both listen: the host dials the plugin, and brokered
 * connections go either way.
 */
export interface PeerTls {
  /** What it is called in errors. */
  readonly name: "AutoMTLS" | "TLS";
  /** For `tls.connect`, besides the address: succeeds with the peer and with nobody else. */
  connectOptions(): ConnectionOptions;
  /** A server that emits `secureConnection`; its sockets must be asked about with {@link isPeer}. */
  createServer(): Server;
  /** Whether an accepted connection comes from the peer. */
  isPeer(socket: unknown): boolean;
}

/** The other side, for errors. */
export type PeerRole = "host" | "plugin";

/** How long who connects may take for the handshake. */
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
const ANNOUNCED_IN = { host: "PLUGIN_CLIENT_CERT", plugin: "its handshake line" } as const;

/**
 * TLS by one-time certificates (AutoMTLS): own `identity`, and trust in the very certificate the peer announced, not in
 * one that it could have signed. Everything TLS is loaded here and not before: plaintext plugins start without it.
 */
export function createPeerTls(identity: Identity, peerDer: Uint8Array, peer: PeerRole): PeerTls {
  // Not `import`: that evaluates every lazy part of it.
  const tls = process.getBuiltinModule("node:tls");
  const expected = Buffer.from(peerDer);
  const shared = {
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    ca: certificateToPem(peerDer),
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
  } as const;
  return {
    name: "AutoMTLS",
    connectOptions: () => ({
      ...shared,
      servername: TLS_SERVER_NAME,
      checkServerIdentity: (host, certificate) =>
        expected.equals(certificate.raw)
          ? tls.checkServerIdentity(host, certificate)
          : new Error(`the ${peer}'s certificate is not the one in ${ANNOUNCED_IN[peer]}`),
    }),
    createServer: () =>
      tls.createServer({
        ...shared,
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
      }),
    isPeer: (socket) =>
      socket instanceof tls.TLSSocket &&
      socket.authorized &&
      socket.getPeerX509Certificate()?.raw.equals(expected) === true,
  };
}

/** Reads a certificate (PEM or DER) into DER; a `PluginError` with this message when it is none. */
export function parseCertificate(certificate: string | Uint8Array, message: string): Uint8Array {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  try {
    return new X509Certificate(certificate).raw;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError("ERR_TLS_IDENTITY", `${message}: ${reason}`, { cause });
  }
}
