import { createHash, timingSafeEqual } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * SHA-crypt, the `$5$` and `$6$` hashes of Unix shadow files, after Ulrich Drepper's
 * "Unix crypt using SHA-256 and SHA-512" (2008); step numbers below are those of that text.
 */
const MAX_ROUNDS = 1_000_000;
const DEFAULT_ROUNDS = 5_000;
/** A longer password makes each round dearer; crypt(3) itself stops at 512. */
const MAX_PASSWORD_BYTES = 512;
/** Rounds computed in one turn of the event loop, about a millisecond. */
const ROUNDS_PER_TURN = 500;

const FORMAT = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;

interface Variant {
  readonly digest: "sha256" | "sha512";
  readonly sizeBytes: number;
  /** Byte order of the encoded key, three bytes to four characters; -1 is a zero byte. */
  readonly order: readonly number[];
}

const SHA256: Variant = {
  digest: "sha256",
  sizeBytes: 32,
  order: [
    0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, -1,
    31, 30,
  ],
};

const SHA512: Variant = { digest: "sha512", sizeBytes: 64, order: sha512Order() };

/** False for a wrong password, `undefined` for a string that is not SHA-crypt or costs too much. */
export async function verifyShaCrypt(password: string, encoded: string): Promise<boolean | undefined> {
  const match = FORMAT.exec(encoded);
  const key = Buffer.from(password, "utf8");
  if (match === null || key.length > MAX_PASSWORD_BYTES) {
    return match === null ? undefined : false;
  }
  const [, version, roundsText, salt = "", expected = ""] = match;
  const rounds = roundsText === undefined ? DEFAULT_ROUNDS : Math.max(1_000, Number(roundsText));
  if (rounds > MAX_ROUNDS) {
    return undefined;
  }
  const variant = version === "5" ? SHA256 : SHA512;
  const computed = encodeKey(await computeKey(variant, key, Buffer.from(salt, "latin1"), rounds), variant);
  return computed.length === expected.length && timingSafeEqual(Buffer.from(computed), Buffer.from(expected));
}

async function computeKey(variant: Variant, key: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const digest = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash(variant.digest);
    for (const part of parts) {
      hash.update(part);
    }
    return hash.digest();
  };
  const alternate = digest(key, salt, key); // steps 4–8
  const parts: Uint8Array[] = [key, salt, repeatTo(alternate, key.length)]; // steps 1–3, 9–10
  for (let bits = key.length; bits > 0; bits >>>= 1) {
    parts.push((bits & 1) === 1 ? alternate : key); // step 11
  }
  let current = digest(...parts); // step 12
  const keySequence = repeatTo(digest(...Array.from({ length: key.length }, () => key)), key.length); // 13–16
  const saltRepeats = 16 + (current[0] ?? 0);
  const saltSequence = repeatTo(digest(...Array.from({ length: saltRepeats }, () => salt)), salt.length); // 17–20
  for (let round = 0; round < rounds; round += 1) {
    // step 21
    const isOdd = round % 2 === 1;
    const middle: Uint8Array[] = [];
    if (round % 3 !== 0) {
      middle.push(saltSequence);
    }
    if (round % 7 !== 0) {
      middle.push(keySequence);
    }
    current = digest(isOdd ? keySequence : current, ...middle, isOdd ? current : keySequence);
    if (round % ROUNDS_PER_TURN === ROUNDS_PER_TURN - 1) {
      await nextTurn();
    }
  }
  return current;
}

function repeatTo(bytes: Buffer, lengthBytes: number): Buffer {
  const result = Buffer.alloc(lengthBytes);
  for (let offset = 0; offset < lengthBytes; offset += bytes.length) {
    bytes.copy(result, offset);
  }
  return result;
}

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Step 22: 24 bits at a time, least significant six bits first; the last group is shorter.
function encodeKey(key: Buffer, { order, sizeBytes }: Variant): string {
  const byteAt = (index: number): number => (index < 0 ? 0 : (key[index] ?? 0));
  let text = "";
  for (let group = 0; group < order.length; group += 3) {
    const [high = -1, middle = -1, low = -1] = order.slice(group, group + 3);
    let bits = (byteAt(high) << 16) | (byteAt(middle) << 8) | byteAt(low);
    const isLast = group + 3 >= order.length;
    const characters = isLast ? (sizeBytes === 32 ? 3 : 2) : 4;
    for (let count = 0; count < characters; count += 1) {
      text += ALPHABET.charAt(bits & 63);
      bits >>>= 6;
    }
  }
  return text;
}

/** Groups of three indices 21 apart, the group starting one step further each time. */
function sha512Order(): readonly number[] {
  const order: number[] = [];
  let first = 0;
  for (let group = 0; group < 21; group += 1) {
    order.push(first, (first + 21) % 63, (first + 42) % 63);
    first = (first + 22) % 63;
  }
  return [...order, -1, -1, 63];
}
