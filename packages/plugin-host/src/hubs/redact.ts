/** Shorter secrets are in too many words to be told from them. */
const minSecretLength = 4;
const maxMessageLength = 1_000;

/** A plugin's words for a message: bounded, and without the secrets it was given, should it repeat them. */
export function redact(text: string, secrets: readonly string[]): string {
  // No spelling is shorter than the secret. A user's whole document is one, and every wrong password comes by here.
  const spellings = secrets
    .filter(({ length }) => length <= text.length)
    .flatMap(spellingsOf)
    .filter(({ length }) => length >= minSecretLength);
  let redacted = text;
  // The longest first: one may be a part of another.
  for (const secret of spellings.toSorted((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, "[redacted]");
  }
  return redacted.length > maxMessageLength ? `${redacted.slice(0, maxMessageLength)}…` : redacted;
}

/** As it is, as JSON and Go's %q have it, as a URL has it, in hexadecimal and in base64. */
function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
  if (bytes.length >= minSecretLength) spellings.push(hex, hex.toUpperCase(), ...inBase64(bytes));
  return [...new Set(spellings)];
}

/**
 * What base64 makes of these bytes wherever they stand, as a password does in the header of HTTP's basic authentication:
 * after how many bytes more than a multiple of three decides. Characters that hold bits of their neighbours are left out.
 */
function inBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
