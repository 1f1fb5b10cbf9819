import { createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { certificateToPem } from "../../src/tls/certificate.ts";
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
} from "../../src/tls/der.ts";

/** A certificate with its key, as PEM: what administrators have in files. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** A certificate for `name`, issued by `issuer` or by itself; a few days around `nowMs`. */
export function issueCertificate(
  name: string,
  options: { readonly issuer?: TestCertificate; readonly nowMs?: number } = {},
): TestCertificate {
  const { issuer, nowMs = Date.now() } = options;
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerName = issuer === undefined ? name : (new X509Certificate(issuer.cert).subject.split("CN=")[1] ?? "");
  const algorithm = derSequence(derOid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  // RFC 5280, 4.1
  const toBeSigned = derSequence(
    derValue(0xa0, derUnsigned(Buffer.from([2]))),
    derUnsigned(randomBytes(16)),
    algorithm,
    commonName(issuerName),
    derSequence(derTime(new Date(nowMs - DAY_MS)), derTime(new Date(nowMs + DAY_MS))),
    commonName(name),
    own.publicKey.export({ type: "spki", format: "der" }),
    derValue(
      0xa3,
      derSequence(
        derSequence(derOid("2.5.29.19"), derOctetString(derSequence(derBoolean(true)))), // basicConstraints: a CA
        derSequence(derOid("2.5.29.17"), derOctetString(derSequence(derValue(0x82, Buffer.from(name, "ascii"))))),
      ),
    ),
  );
  const signer = issuer === undefined ? own.privateKey : createPrivateKey(issuer.key);
  const der = derSequence(toBeSigned, algorithm, derBitString(sign("sha256", toBeSigned, signer)));
  return { cert: certificateToPem(der), key: own.privateKey.export({ type: "pkcs8", format: "pem" }) };
}

function commonName(name: string): Buffer {
  return derSequence(derSet(derSequence(derOid("2.5.4.3"), derUtf8(name))));
}
