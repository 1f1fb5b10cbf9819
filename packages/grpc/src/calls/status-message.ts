/** Longer messages are cut: many peers take no more than 8 KiB of headers, and drop the whole status otherwise. */
const MAX_MESSAGE_CHARACTERS = 4096;

/** Percent-encodes `grpc-message`: printable ASCII but `%` stays, all other octets of the UTF-8 text become %XX. */
export function encodeStatusMessage(message: string): string {
  const text = message.length > MAX_MESSAGE_CHARACTERS ? `${message.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…` : message;
  if (/^[\x20-\x24\x26-\x7e]*$/.test(text)) return text;
  let encoded = "";
  for (const octet of Buffer.from(text, "utf8")) {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25;
    encoded += isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** The inverse; what is wrongly encoded is kept as it is, as the gRPC document asks: a message must not hide a status. */
export function decodeStatusMessage(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  const octets = Buffer.allocUnsafe(encoded.length);
  let sizeBytes = 0;
  for (let i = 0; i < encoded.length; i++) {
    const digits = encoded.slice(i + 1, i + 3);
    if (encoded[i] === "%" && /^[0-9a-fA-F]{2}$/.test(digits)) {
      octets[sizeBytes++] = Number.parseInt(digits, 16);
      i += 2;
    } else octets[sizeBytes++] = encoded.charCodeAt(i);
  }
  return octets.toString("utf8", 0, sizeBytes);
}
