import { pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);

const MAX_ITERATIONS = 10_000_000;
const FORMAT = /^\$pbkdf2-(b64salt-)?(sha1|sha256|sha512)\$(\d{1,8})\$([^$]{1,256})\$([A-Za-z0-9+/]{16,128}={0,2})$/;

/**
 * `$pbkdf2-<digest>$<iterations>$<salt>$<base64 key>`. The salt is taken as it is written; with
 * `b64salt-` it is base64. False for a wrong password, `undefined` for a string that is not this.
 */
export async function verifyPbkdf2(password: string, encoded: string): Promise<boolean | undefined> {
  const match = FORMAT.exec(encoded);
  if (match === null) {
    return undefined;
  }
  const [, encodedSalt, digest = "", count = "", saltText = "", keyText = ""] = match;
  const iterations = Number(count);
  if (iterations < 1 || iterations > MAX_ITERATIONS) {
    return undefined;
  }
  const salt = Buffer.from(saltText, encodedSalt === undefined ? "utf8" : "base64");
  const expected = Buffer.from(keyText, "base64");
  const key = await derive(password, salt, iterations, expected.length, digest);
  return timingSafeEqual(key, expected);
}
