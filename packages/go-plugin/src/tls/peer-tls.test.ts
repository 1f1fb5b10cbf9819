import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { issueCertificate } from "../../test/support/certificates.ts";
import type { TestCertificate } from "../../test/support/certificates.ts";
import type { Identity } from "./certificate.ts";
import { createPeerTls, parseCertificate } from "./peer-tls.ts";
import type { PeerTls } from "./peer-tls.ts";

function identityOf({ cert, key }: TestCertificate): Identity {
  return { certificateDer: new X509Certificate(cert).raw, certificatePem: cert, privateKeyPem: key };
}

const [host, plugin] = [issueCertificate("localhost"), issueCertificate("localhost")];
const [hostDer, pluginDer] = [host, plugin].map((certificate) => identityOf(certificate).certificateDer) as [
  Uint8Array,
  Uint8Array,
];
const hostTls = createPeerTls(identityOf(host), pluginDer, "plugin");
const pluginTls = createPeerTls(identityOf(plugin), hostDer, "host");

/** What comes of a connection: whether the listening side takes the other for its peer, or why there was none. */
async function meet(dials: PeerTls, listens: PeerTls): Promise<boolean | string> {
  const listener = listens.createServer();
  const accepted = once(listener, "secureConnection").then(([socket]) => listens.isPeer(socket));
  accepted.catch(() => {});
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const socket: TLSSocket = connect({ port, ...dials.connectOptions() });
  try {
    await once(socket, "secureConnect");
    assert.equal(socket.alpnProtocol, "h2");
    return await accepted;
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.destroy();
    listener.close();
  }
}

describe("AutoMTLS", () => {
  it("is the same in both directions [mtls:host mtls:plugin broker:mtls]", async () => {
    assert.equal(await meet(hostTls, pluginTls), true);
    assert.equal(await meet(pluginTls, hostTls), true);
  });

  // Each peer's certificate is one of an authority: trusting it would mean trusting whatever it signs.
  it("serves nobody whose certificate the peer's key has signed [mtls:plugin]", async () => {
    const child = issueCertificate("child", { issuer: host });
    assert.equal(await meet(createPeerTls(identityOf(child), pluginDer, "plugin"), pluginTls), false);
  });

  it("connects to nobody whose certificate the peer's key has signed [mtls:host]", async () => {
    const child = issueCertificate("child", { issuer: plugin });
    assert.equal(
      await meet(hostTls, createPeerTls(identityOf(child), hostDer, "host")),
      "the plugin's certificate is not the one in its handshake line",
    );
  });

  it("takes no plain socket for its peer [mtls:plugin]", () => {
    assert.equal(pluginTls.isPeer(undefined), false);
    assert.equal(pluginTls.isPeer({ authorized: true }), false);
  });
});

describe("parseCertificate", () => {
  it("reads PEM and DER", () => {
    assert.deepEqual(Buffer.from(parseCertificate(host.cert, "x")), Buffer.from(hostDer));
    assert.deepEqual(Buffer.from(parseCertificate(hostDer, "x")), Buffer.from(hostDer));
  });

  it("says what it could not read, and why", () => {
    assert.throws(() => parseCertificate("garbage", "no certificate"), {
      code: "ERR_TLS_IDENTITY",
      message: /^no certificate: .+/,
    });
  });
});
