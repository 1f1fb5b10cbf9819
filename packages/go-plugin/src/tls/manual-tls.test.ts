import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { issueCertificate } from "../../test/support/certificates.ts";
import { createManualTls } from "./manual-tls.ts";
import type { ManualTls } from "./manual-tls.ts";

const authority = issueCertificate("authority");
const other = issueCertificate("other authority");
const host = issueCertificate("the-host", { issuer: authority });
const plugin = issueCertificate("the-plugin", { issuer: authority });
const ca = authority.cert;

/** What came of a connection from the host to the plugin. */
async function meet(hostOptions: ManualTls, pluginOptions: ManualTls): Promise<string> {
  const server = createManualTls(pluginOptions, "host");
  const listener = server.createServer();
  const accepted: Promise<boolean> = once(listener, "secureConnection").then(([socket]) => server.isPeer(socket));
  const refused: Promise<string> = once(listener, "tlsClientError").then(([error, socket]) =>
    String((socket as TLSSocket).authorizationError ?? (error as Error).message),
  );
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const socket: TLSSocket = connect({ port, ...createManualTls(hostOptions, "plugin").connectOptions() });
  const failed: Promise<string> = once(socket, "error").then(([error]) => (error as NodeJS.ErrnoException).code ?? "");
  try {
    const problem = await Promise.race([once(socket, "secureConnect").then(() => undefined), failed]).catch(
      () => failed,
    );
    if (problem !== undefined) return problem;
    assert.equal(socket.alpnProtocol, "h2");
    // TLS 1.3: a client is done before the server has looked at its certificate.
    return await Promise.race([accepted.then((isPeer) => (isPeer ? "peer" : "no peer")), refused]);
  } finally {
    socket.destroy();
    listener.close();
    for (const promise of [accepted, refused, failed]) promise.catch(() => {});
  }
}

describe("manual TLS", () => {
  const hostSide: ManualTls = { ...host, ca, serverName: "the-plugin" };
  const pluginSide: ManualTls = { ...plugin, ca, serverName: "the-host" };

  it("lets two sides of one authority meet [tls:manual]", async () => {
    assert.equal(await meet(hostSide, pluginSide), "peer");
  });

  it("refuses a plugin of another authority, of another name, or out of date [tls:manual]", async () => {
    const stranger = issueCertificate("the-plugin", { issuer: other });
    assert.equal(await meet(hostSide, { ...pluginSide, ...stranger }), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    const { serverName: _, ...nameless } = hostSide;
    assert.equal(await meet(nameless, pluginSide), "ERR_TLS_CERT_ALTNAME_INVALID");
    const expired = issueCertificate("the-plugin", { issuer: authority, nowMs: Date.UTC(2020, 1) });
    assert.equal(await meet(hostSide, { ...pluginSide, ...expired }), "CERT_HAS_EXPIRED");
  });

  it("refuses a host without a certificate, and one of another authority [tls:manual]", async () => {
    assert.match(await meet({ ca, serverName: "the-plugin" }, pluginSide), /peer did not return a certificate/);
    const stranger = issueCertificate("the-host", { issuer: other });
    assert.equal(await meet({ ...hostSide, ...stranger }, pluginSide), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  it("lets anybody in where that is asked for [tls:manual]", async () => {
    const open: ManualTls = { ...plugin, clientAuth: "none" };
    assert.equal(await meet({ ca, serverName: "the-plugin" }, open), "peer");
  });

  const wrong: readonly (readonly [what: string, peer: "host" | "plugin", options: object, message: RegExp])[] = [
    ["a host without authorities", "plugin", { ...host }, /option tls\.ca is not set: a host trusts no plugin/],
    ["a plugin without a certificate", "host", { ca }, /option tls\.cert is not set: a plugin cannot listen/],
    ["a plugin that would let nobody in", "host", { ...plugin }, /option tls\.ca is not set: it says whose/],
    ["a certificate without its key", "plugin", { ca, cert: host.cert }, /option tls\.key is not set/],
    ["a key without its certificate", "plugin", { ca, key: host.key }, /option tls\.cert is not set/],
    ["another key", "plugin", { ca, cert: host.cert, key: plugin.key }, /option tls\.key is not the key of/],
    ["text instead of PEM", "plugin", { ca: "hello" }, /option tls\.ca cannot be read: /],
    ["a path instead of a certificate", "plugin", { ca, cert: "/x.pem", key: host.key }, /tls\.cert cannot be read/],
    ["a path instead of a key", "plugin", { ca, cert: host.cert, key: "/x.key" }, /tls\.key cannot be read/],
    ["bytes", "plugin", { ca: Buffer.from(ca) }, /option tls\.ca is no text/],
    ["an empty name", "plugin", { ca, serverName: "" }, /option tls\.serverName is no text/],
    ["another word", "host", { ...plugin, clientAuth: "optional" }, /option tls\.clientAuth is "optional"/],
  ];
  for (const [what, peer, options, message] of wrong) {
    it(`refuses ${what}, without showing the key [tls:manual]`, () => {
      assert.throws(
        () => createManualTls(options, peer),
        (error) => {
          assert.ok(error instanceof Error && "code" in error && error.code === "ERR_INVALID_OPTION");
          assert.match(error.message, message);
          assert.ok(!error.message.includes("PRIVATE"));
          return true;
        },
      );
    });
  }

  it("says what is missing when the broker needs the other role [tls:manual]", () => {
    assert.throws(() => createManualTls({ ca, clientAuth: "none" }, "plugin").createServer(), {
      code: "ERR_INVALID_OPTION",
      message: /option tls\.cert is not set: the plugin cannot be given a way to connect/,
    });
    assert.throws(() => createManualTls({ ...plugin, clientAuth: "none" }, "host").connectOptions(), {
      code: "ERR_INVALID_OPTION",
      message: /option tls\.ca is not set: it says whose hosts are trusted/,
    });
  });
});
