import type { Server } from "node:net";
import { PluginError } from "../plugin-error.ts";
import { createIdentity } from "../tls/certificate.ts";

/** The plugin's side of AutoMTLS: its certificate, and how it listens. */
export interface PluginTls {
  readonly certificate: Uint8Array;
  readonly createServer: () => Server;
  /** Whether the connection's peer showed the certificate the host announced, not just one signed with its key. */
  isHost(socket: unknown): boolean;
}

/**
 * Makes a one-time certificate and trusts nobody but the host that sent `hostPem` (server.go, AutoMTLS). Everything TLS
 * is loaded here and not before: a plaintext plugin starts without it. Unlike Go, refuses to start when the host's
 * certificate cannot be read: no connection could ever succeed.
 */
export function createPluginTls(hostPem: string): PluginTls {
  // Not `import`: that evaluates every lazy part of both.
  const tls = process.getBuiltinModule("node:tls");
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const host = readCertificate(() => new X509Certificate(hostPem));
  const identity = createIdentity();
  return {
    certificate: identity.certificateDer,
    createServer: () =>
      tls.createServer({
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        ca: hostPem,
        requestCert: true,
        rejectUnauthorized: true,
        ALPNProtocols: ["h2"],
        minVersion: "TLSv1.2",
        handshakeTimeout: 10_000,
      }),
    isHost: (socket) =>
      socket instanceof tls.TLSSocket &&
      socket.authorized &&
      socket.getPeerX509Certificate()?.raw.equals(host.raw) === true,
  };
}

function readCertificate<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PluginError("ERR_TLS_IDENTITY", "client cert provided but failed to parse (PLUGIN_CLIENT_CERT)", {
      cause,
    });
  }
}
