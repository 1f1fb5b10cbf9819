/**
 * The few pieces of DER (ITU-T X.690) that a certificate is made of. Each function returns one complete encoded value.
 */

/** Any value: tag, length, content. */
export function derValue(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body]);
}

export function derSequence(...items: readonly Uint8Array[]): Buffer {
  return derValue(0x30, ...items);
}

export function derSet(...items: readonly Uint8Array[]): Buffer {
  return derValue(0x31, ...items);
}

/** A positive INTEGER from big-endian bytes. */
export function derUnsigned(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const minimal = bytes.subarray(start);
  const negative = ((minimal[0] ?? 0) & 0x80) !== 0;
  return derValue(0x02, negative ? Buffer.concat([Buffer.from([0]), minimal]) : minimal);
}

export function derBoolean(value: boolean): Buffer {
  return derValue(0x01, Buffer.from([value ? 0xff : 0]));
}

export function derOctetString(content: Uint8Array): Buffer {
  return derValue(0x04, content);
}

export function derBitString(content: Uint8Array, unusedBits = 0): Buffer {
  return derValue(0x03, Buffer.from([unusedBits]), content);
}

export function derUtf8(text: string): Buffer {
  return derValue(0x0c, Buffer.from(text, "utf8"));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return derValue(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A time to the second: UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
export function derTime(time: Date): Buffer {
  const digits = time.toISOString().replaceAll(/[-:T]/g, "").replace(/\..*$/, "Z");
  return time.getUTCFullYear() < 2050
    ? derValue(0x17, Buffer.from(digits.slice(2), "ascii"))
    : derValue(0x18, Buffer.from(digits, "ascii"));
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function base128(value: number): number[] {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift(0x80 | (rest % 128));
  return groups;
}
