import { createIdentity } from "../../src/tls/certificate.ts";

/** Pieces of JavaScript for plugins that misbehave; each runs in a process of its own. */

/** Never ends by itself. */
export const STAY = "setInterval(() => {}, 1e9);";

/** Listens where the host wants and then prints `line`, an expression that may use `path`. */
export function listening(options: {
  readonly line?: string;
  readonly onConnection?: string;
  readonly make?: string;
}): string {
  const line = options.line ?? "`1|1|unix|${path}|grpc|`";
  return `
    const path = process.env.PLUGIN_UNIX_SOCKET_DIR + "/p";
    const server = ${options.make ?? 'require("node:net").createServer'}((socket) => {
      socket.on("error", () => {});
      ${options.onConnection ?? "socket.resume();"}
    });
    server.on("tlsClientError", () => {});
    server.listen(path, () => console.log(${line}));
  `;
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString("base64").replaceAll("=", "");

/** A certificate for the sixth field, and a TLS server that shows the same or another one. */
export function tlsPlugin(options: { readonly showsAnother?: boolean; readonly onConnection?: string } = {}): string {
  const announced = createIdentity();
  const shown = options.showsAnother === true ? createIdentity() : announced;
  const tls = JSON.stringify({ cert: shown.certificatePem, key: shown.privateKeyPem });
  return listening({
    make: `((listener) => require("node:tls").createServer(${tls}, listener))`,
    line: `\`1|1|unix|\${path}|grpc|${base64(announced.certificateDer)}\``,
    ...(options.onConnection === undefined ? {} : { onConnection: options.onConnection }),
  });
}

/** A sixth field that is a certificate. */
export const someCertificate: string = base64(createIdentity().certificateDer);
