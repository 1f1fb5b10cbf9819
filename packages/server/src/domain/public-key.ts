/** One public key of an authorized_keys line. */
export interface PublicKey {
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  readonly algorithm: string;
  /** The key as it goes over the wire. */
  readonly blob: Buffer;
  readonly comment: string;
}

const ALGORITHMS: ReadonlySet<string> = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
]);

export const MIN_RSA_BITS = 2048;

/** Why a line is not accepted as a key. */
export type PublicKeyProblem = "algorithm" | "malformed" | "options" | "short-rsa";

/**
 * Reads one line in authorized_keys format. Lines with options are refused rather than read without
 * them: an option always restricts what the key may do.
 */
export function parsePublicKey(line: string): PublicKey | PublicKeyProblem {
  const [algorithm = "", encoded = "", ...comment] = line.trim().split(/[ \t]+/);
  if (!ALGORITHMS.has(algorithm)) {
    return ALGORITHMS.has(encoded) ? "options" : "algorithm";
  }
  const blob = Buffer.from(encoded, "base64");
  const fields = readFields(blob);
  if (fields?.[0]?.toString("latin1") !== algorithm || blob.toString("base64") !== padded(encoded)) {
    return "malformed";
  }
  if (algorithm === "ssh-rsa" && bitLength(fields[2]) < MIN_RSA_BITS) {
    return "short-rsa";
  }
  return { algorithm, blob, comment: comment.join(" ") };
}

/** True when one of the lines is exactly this key. */
export function hasPublicKey(lines: readonly string[], blob: Uint8Array): boolean {
  return lines.some((line) => {
    const key = parsePublicKey(line);
    return typeof key === "object" && key.blob.equals(blob);
  });
}

/** A key in wire format as a line of authorized_keys, as SFTPGo hands it to plugins: no comment, a line feed at the end. */
export function formatKeyLine(blob: Uint8Array): string {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const algorithm = readFields(bytes)?.[0]?.toString("latin1") ?? "";
  return `${algorithm} ${bytes.toString("base64")}\n`;
}

/** RFC 4251 section 5: a key is a sequence of length-prefixed strings. */
function readFields(blob: Buffer): readonly Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let offset = 0; offset < blob.length;) {
    if (offset + 4 > blob.length) {
      return undefined;
    }
    const end = offset + 4 + blob.readUInt32BE(offset);
    if (end > blob.length) {
      return undefined;
    }
    fields.push(blob.subarray(offset + 4, end));
    offset = end;
  }
  return fields;
}

function bitLength(integer: Buffer | undefined): number {
  const start = integer?.findIndex((byte) => byte !== 0) ?? -1;
  if (integer === undefined || start < 0) {
    return 0;
  }
  return (integer.length - start) * 8 - Math.clz32(integer[start] ?? 0) + 24;
}

function padded(base64: string): string {
  return base64.replace(/=+$/, "").padEnd(Math.ceil(base64.replace(/=+$/, "").length / 4) * 4, "=");
}
