import { createHash, hkdfSync, randomBytes } from "node:crypto";

import { MAX_PAYLOAD_CHARACTERS, type Secret } from "./secret.ts";
import { cannotDecrypt } from "./secret-error.ts";

/** The status of what `local://` encrypts. */
export const SECRETBOX = "Secretbox";

const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const WITH_MASTER_KEY = 1;

/**
 * SFTPGo's `local` provider: NaCl's secretbox under a key of HKDF-SHA256, whose salt is random and stored with the
 * secret. Without a master key everything needed to read it lies beside it: that hides it from a glance, not from
 * whoever has the database.
 */
export async function encryptSecretbox(plain: string, additionalData: string, masterKey: string): Promise<Secret> {
  const { xsalsa20poly1305 } = await loadCipher();
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const key = deriveKey(salt, additionalData, masterKey);
  const text = Buffer.from(plain);
  const box = xsalsa20poly1305(key, nonce).encrypt(text);
  key.fill(0);
  text.fill(0);
  return {
    status: SECRETBOX,
    payload: Buffer.concat([nonce, box]).toString("base64"),
    key: salt.toString("hex"),
    additionalData,
    mode: masterKey === "" ? 0 : WITH_MASTER_KEY,
  };
}

/** Rejects with `ERR_SECRET`. The master key is used only for secrets that were made with one. */
export async function decryptSecretbox(secret: Secret, masterKey: string): Promise<string> {
  const needsMasterKey = secret.mode === WITH_MASTER_KEY;
  if (needsMasterKey && masterKey === "") {
    throw cannotDecrypt(secret, "it needs the master key it was made with, and kms.secrets has none");
  }
  const salt = parseHexKey(secret.key);
  const sealed = Buffer.from(secret.payload, "base64");
  if (salt === undefined || sealed.length < NONCE_BYTES + TAG_BYTES || secret.payload.length > MAX_PAYLOAD_CHARACTERS) {
    throw cannotDecrypt(secret, "its key or payload is damaged");
  }
  const { xsalsa20poly1305 } = await loadCipher();
  const key = deriveKey(salt, secret.additionalData, needsMasterKey ? masterKey : "");
  try {
    const text = xsalsa20poly1305(key, sealed.subarray(0, NONCE_BYTES)).decrypt(sealed.subarray(NONCE_BYTES));
    const plain = Buffer.from(text).toString();
    text.fill(0);
    return plain;
  } catch {
    // The cipher says no more than that the tag is wrong.
    const hint = needsMasterKey ? ", or the master key is not the one it was made with" : "";
    throw cannotDecrypt(secret, `it was changed${hint}`);
  } finally {
    key.fill(0);
  }
}

/** Loaded when a secret comes: most servers have none, and no command but one needs it. */
const loadCipher = async () => await import("@noble/ciphers/salsa.js");

/** The 32 bytes of a stored key. */
export function parseHexKey(text: string): Buffer | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : undefined;
}

/** SFTPGo's stand-in for a master key: salt, additional data and salt again, hashed. */
export function hashKey(salt: Uint8Array, additionalData: string): Buffer {
  return createHash("sha256").update(salt).update(additionalData).update(salt).digest();
}

function deriveKey(salt: Uint8Array, additionalData: string, masterKey: string): Uint8Array {
  const secret = masterKey === "" ? hashKey(salt, additionalData) : Buffer.from(masterKey);
  return new Uint8Array(hkdfSync("sha256", secret, salt, additionalData, 32));
}
