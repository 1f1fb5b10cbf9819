import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect, createServer } from "node:tls";
import type { TLSSocket } from "node:tls";
import { certificateToPem, createIdentity } from "./certificate.ts";

describe("createIdentity", () => {
  const nowMs = Date.parse("2026-11-25T12:00:00Z");
  const identity = createIdentity(nowMs);
  const certificate = new X509Certificate(identity.certificateDer);

  it("makes a certificate that OpenSSL reads and that its own key signed", () => {
    assert.ok(certificate.verify(certificate.publicKey));
    assert.ok(certificate.checkIssued(certificate));
    assert.ok(certificate.checkPrivateKey(createPrivateKey(identity.privateKeyPem)));
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  });

  it("names localhost and nothing else [mtls:certificate]", () => {
    assert.equal(certificate.subject, "O=Fairlead\nCN=localhost");
    assert.equal(certificate.subjectAltName, "DNS:localhost");
    assert.equal(certificate.checkHost("localhost"), "localhost");
  });

  it("is valid from 30 seconds ago for 30 years [mtls:certificate]", () => {
    assert.equal(certificate.validFromDate.getTime(), nowMs - 30_000);
    assert.equal(certificate.validToDate.getTime(), nowMs + 262_980 * 3_600_000);
  });

  it("may sign and act as both client and server [mtls:certificate]", () => {
    assert.equal(certificate.ca, true);
    // extended key usages, which Node calls keyUsage
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
  });

  it("has another serial number and key each time", () => {
    const other = new X509Certificate(createIdentity(nowMs).certificateDer);
    assert.notEqual(other.serialNumber, certificate.serialNumber);
    assert.notEqual(other.fingerprint256, certificate.fingerprint256);
  });

  it("is written as PEM in lines of 64 with a final newline", () => {
    assert.equal(new X509Certificate(identity.certificatePem).fingerprint256, certificate.fingerprint256);
    assert.ok(identity.certificatePem.split("\n").every((line) => line.length <= 64));
    assert.ok(identity.certificatePem.endsWith("-----END CERTIFICATE-----\n"));
    assert.equal(certificateToPem(identity.certificateDer), identity.certificatePem);
  });

  it("carries a mutual TLS 1.3 connection with another one", async () => {
    const peer = createIdentity();
    const server = createServer({
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      ca: peer.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ["h2"],
    });
    // The certificate above is made for a fixed day; this test is about both being accepted.
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: "127.0.0.1",
      servername: "localhost",
      cert: peer.certificatePem,
      key: peer.privateKeyPem,
      ca: identity.certificatePem,
      ALPNProtocols: ["h2"],
    });
    const [[accepted]] = (await Promise.all([once(server, "secureConnection"), once(client, "secureConnect")])) as [
      [TLSSocket],
      unknown,
    ];
    assert.equal(client.authorized, true);
    assert.equal(accepted.authorized, true);
    assert.equal(client.getProtocol(), "TLSv1.3");
    assert.equal(client.alpnProtocol, "h2");
    client.destroy();
    accepted.destroy();
    server.close();
    await once(server, "close");
  });
});
