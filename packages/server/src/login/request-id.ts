import { randomBytes, randomInt } from "node:crypto";

const DIGITS = "0123456789abcdefghijklmnopqrstuv";
/** What distinguishes this process from others that started in the same second. */
const PROCESS_ID = randomBytes(5);
let counter = randomInt(0x1000000);

/**
 * An id as SFTPGo gives to the steps of one keyboard-interactive login: 12 bytes, seconds first, in 20 digits of the
 * base 32 of RFC 4648 section 7 in lower case (the format is called xid). Sorts by time, is never given twice.
 */
export function createRequestId(nowMs: number = Date.now()): string {
  counter = (counter + 1) & 0xffffff;
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(Math.floor(nowMs / 1000) >>> 0, 0);
  PROCESS_ID.copy(bytes, 4);
  bytes.writeUIntBE(counter, 9, 3);
  return formatBase32(bytes);
}

function formatBase32(bytes: Buffer): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += DIGITS[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + (DIGITS[(value << (5 - bits)) & 31] ?? "");
}
