import type { ConnectionOptions } from "node:tls";
import { PluginError } from "../plugin-error.ts";
import { TLS_SERVER_NAME } from "../protocol/constants.ts";
import { certificateToPem, createIdentity } from "../tls/certificate.ts";

/** The host's side of AutoMTLS. */
export interface HostTls {
  /** For the plugin's environment. */
  readonly certificatePem: string;
  /** How to connect to the plugin that showed this certificate in its handshake line, and to no other. */
  connectOptions(pluginDer: Uint8Array): ConnectionOptions;
}

/** Makes a one-time certificate for one plugin (client.go: Start, AutoMTLS). TLS is loaded here and not before. */
export function createHostTls(): HostTls {
  const tls = process.getBuiltinModule("node:tls");
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const identity = createIdentity();
  return {
    certificatePem: identity.certificatePem,
    connectOptions(pluginDer) {
      checkCertificate(() => new X509Certificate(pluginDer));
      return {
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        ca: certificateToPem(pluginDer),
        servername: TLS_SERVER_NAME,
        ALPNProtocols: ["h2"],
        minVersion: "TLSv1.2",
        // The very certificate, not one that it could have signed.
        checkServerIdentity: (host, certificate) =>
          Buffer.from(pluginDer).equals(certificate.raw)
            ? tls.checkServerIdentity(host, certificate)
            : new Error("the plugin's certificate is not the one in its handshake line"),
      };
    },
  };
}

function checkCertificate(parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError("ERR_TLS_IDENTITY", `error parsing server cert: ${reason}`, { cause });
  }
}
