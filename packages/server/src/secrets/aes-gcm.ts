import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

import { type Secret } from "./secret.ts";
import { cannotDecrypt } from "./secret-error.ts";
import { hashKey, parseHexKey } from "./secretbox.ts";

/** The status of what `builtin://` encrypts. */
export const AES_GCM = "AES-256-GCM";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** SFTPGo's `builtin` provider. It uses no master key: everything needed to read a secret lies beside it. */
export function encryptAesGcm(plain: string, additionalData: string): Secret {
  const salt = randomBytes(KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", hashKey(salt, additionalData), nonce);
  cipher.setAAD(Buffer.from(additionalData));
  const sealed = [nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()];
  return {
    status: AES_GCM,
    payload: Buffer.concat(sealed).toString("hex"),
    key: salt.toString("hex"),
    additionalData,
    mode: 0,
  };
}

/** Throws `ERR_SECRET`. */
export function decryptAesGcm(secret: Secret): string {
  const salt = parseHexKey(secret.key);
  const sealed = Buffer.from(secret.payload, "hex");
  if (salt === undefined || sealed.length < NONCE_BYTES + TAG_BYTES || sealed.length * 2 !== secret.payload.length) {
    throw cannotDecrypt(secret, "its key or payload is damaged");
  }
  const key = hashKey(salt, secret.additionalData);
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(secret.additionalData));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  } catch {
    // OpenSSL says no more than that the tag is wrong.
    throw cannotDecrypt(secret, "it was changed");
  } finally {
    key.fill(0);
  }
}
