import type { Server } from "node:net";
import { PluginError } from "../plugin-error.ts";
import { TLS_SERVER_NAME } from "../protocol/constants.ts";
import { TLS_HANDSHAKE_TIMEOUT_MS } from "./peer-tls.ts";
import type { PeerRole, PeerTls } from "./peer-tls.ts";

/**
 * Certificates of one's own instead of AutoMTLS (go-plugin's `ClientConfig.TLSConfig` and `ServeConfig.TLSProvider`).
 * Both sides need them; the connections of the broker use them too. All as PEM.
 */
export interface ManualTls {
  /** Own certificate, followed by the intermediate ones. A host may leave it and `key` out if no plugin asks for one. */
  readonly cert?: string;
  /** Private key of `cert`, not encrypted. */
  readonly key?: string;
  /** One or more certificates, one of which must have issued the other side's. The system's own are not trusted. */
  readonly ca?: string;
  /** The name that the certificate of whom we connect to must have. Default `localhost`. */
  readonly serverName?: string;
  /** Whether who connects to us must show a certificate that `ca` issued. Default `required`. */
  readonly clientAuth?: "required" | "none";
}

/** Checks the options and loads what they hold; throws `ERR_INVALID_OPTION`. `peer` is the other side. */
export function createManualTls(options: ManualTls, peer: PeerRole): PeerTls {
  checkForm(options);
  const { cert, key, ca, serverName = TLS_SERVER_NAME, clientAuth = "required" } = options;
  // A host dials first of all, a plugin listens.
  if (peer === "plugin" && ca === undefined) throw invalid("ca", "is not set: a host trusts no plugin without it");
  if (peer === "host" && cert === undefined) throw invalid("cert", "is not set: a plugin cannot listen without it");
  if (clientAuth === "required" && ca === undefined) {
    throw invalid("ca", 'is not set: it says whose certificates are accepted (clientAuth "none" accepts anybody)');
  }
  const tls = process.getBuiltinModule("node:tls");
  checkContent(options);
  const shared = {
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
  } as const;
  return {
    name: "TLS",
    connectOptions() {
      if (ca === undefined) throw invalid("ca", `is not set: it says whose ${peer}s are trusted`);
      return { ...shared, servername: serverName };
    },
    createServer(): Server {
      if (cert === undefined) throw invalid("cert", `is not set: the ${peer} cannot be given a way to connect`);
      const requestCert = clientAuth === "required";
      return tls.createServer({
        ...shared,
        requestCert,
        rejectUnauthorized: requestCert,
        handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
      });
    },
    isPeer: (socket) => socket instanceof tls.TLSSocket && (clientAuth === "none" || socket.authorized),
  };
}

// Callers without types: what is missing must not leave a side open.
function checkForm(options: { readonly [Option in keyof ManualTls]?: unknown }): void {
  const { cert, key, clientAuth } = options;
  for (const name of ["cert", "key", "ca", "serverName"] as const) {
    const value = options[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) throw invalid(name, "is no text");
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(cert === undefined ? "cert" : "key", "is not set: certificate and key go together");
  }
  if (clientAuth !== undefined && clientAuth !== "required" && clientAuth !== "none") {
    throw invalid("clientAuth", `is ${JSON.stringify(clientAuth)}: expected "required" or "none"`);
  }
}

function checkContent({ cert, key, ca }: ManualTls): void {
  const { X509Certificate, createPrivateKey } = process.getBuiltinModule("node:crypto");
  if (ca !== undefined) attempt("ca", () => new X509Certificate(ca));
  if (cert === undefined || key === undefined) return;
  const certificate = attempt("cert", () => new X509Certificate(cert));
  const privateKey = attempt("key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw invalid("key", "is not the key of the certificate");
}

// OpenSSL's reasons name no content.
function attempt<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(option, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function invalid(option: string, problem: string): PluginError {
  return new PluginError("ERR_INVALID_OPTION", `option tls.${option} ${problem}`, {
    details: { option: `tls.${option}` },
  });
}
