import type nodeCrypto from "node:crypto";
import {
  derBitString,
  derBoolean,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  derTime,
  derUnsigned,
  derUtf8,
  derValue,
} from "./der.ts";

/** A certificate and its key, made for one process and never written to disk. */
export interface Identity {
  readonly certificateDer: Uint8Array;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

type Crypto = typeof nodeCrypto;

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  organizationName: "2.5.4.10",
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

const BACKDATE_MS = 30_000;
const LIFETIME_MS = 262_980 * 3_600_000;

/**
 * Makes a self-signed certificate like those of go-plugin's AutoMTLS (mtls.go: generateCert), with a P-256 key instead
 * of P-521: Go accepts it and it is fifty times faster to make. Written by hand because Node has no certificate writer
 * and the libraries for it take longer to load than a plugin takes to start.
 */
export function createIdentity(nowMs: number = Date.now()): Identity {
  // Loaded here and not by `import`, which also evaluates every lazy part of it: that would take a fifth of a plugin's
  // start, and plugins in plaintext do without.
  const crypto = process.getBuiltinModule("node:crypto");
  const { generateKeyPairSync, sign } = crypto;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = derSequence(derOid(OID.ecdsaWithSha256));
  const toBeSigned = tbsCertificate(crypto, algorithm, publicKey.export({ type: "spki", format: "der" }), nowMs);
  const certificateDer = derSequence(toBeSigned, algorithm, derBitString(sign("sha256", toBeSigned, privateKey)));
  return {
    certificateDer,
    certificatePem: certificateToPem(certificateDer),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

/** PEM with a trailing newline, as Go writes it. */
export function certificateToPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

// RFC 5280, 4.1
function tbsCertificate(crypto: Crypto, algorithm: Uint8Array, publicKeyInfo: Buffer, nowMs: number): Buffer {
  const name = derSequence(nameAttribute(OID.organizationName, "Fairlead"), nameAttribute(OID.commonName, "localhost"));
  return derSequence(
    derValue(0xa0, derUnsigned(Buffer.from([2]))), // v3
    derUnsigned(crypto.randomBytes(16)),
    algorithm,
    name,
    derSequence(derTime(new Date(nowMs - BACKDATE_MS)), derTime(new Date(nowMs + LIFETIME_MS))),
    name,
    publicKeyInfo,
    derValue(0xa3, extensions(crypto, publicKeyInfo)),
  );
}

function extensions(crypto: Crypto, publicKeyInfo: Buffer): Buffer {
  // The key's bits end the SubjectPublicKeyInfo: an uncompressed point of 65 bytes on P-256.
  const keyIdentifier = crypto.createHash("sha1").update(publicKeyInfo.subarray(-65)).digest();
  return derSequence(
    // digitalSignature, keyEncipherment, keyAgreement, keyCertSign
    extension(OID.keyUsage, derBitString(Buffer.from([0b1010_1100]), 2), { critical: true }),
    extension(OID.extendedKeyUsage, derSequence(derOid(OID.clientAuth), derOid(OID.serverAuth))),
    extension(OID.basicConstraints, derSequence(derBoolean(true)), { critical: true }),
    extension(OID.subjectKeyIdentifier, derOctetString(keyIdentifier)),
    // [2] dNSName; Go refuses certificates that carry their name in CN only.
    extension(OID.subjectAltName, derSequence(derValue(0x82, Buffer.from("localhost", "ascii")))),
  );
}

function extension(oid: string, value: Uint8Array, options: { readonly critical?: boolean } = {}): Buffer {
  const critical = options.critical === true ? [derBoolean(true)] : [];
  return derSequence(derOid(oid), ...critical, derOctetString(value));
}

function nameAttribute(oid: string, value: string): Buffer {
  return derSet(derSequence(derOid(oid), derUtf8(value)));
}
