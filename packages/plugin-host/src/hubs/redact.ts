/** Shorter secrets are in too many words to be told from them. */
const minSecretLength = 4;
const maxMessageLength = 1_000;

/** A plugin's words for a message: bounded, and without the secrets it was given, should it repeat them. */
export function redact(text: string, secrets: readonly string[]): string {
  let redacted = text;
  for (const secret of secrets) {
    if (secret.length >= minSecretLength) redacted = redacted.replaceAll(secret, "[redacted]");
  }
  return redacted.length > maxMessageLength ? `${redacted.slice(0, maxMessageLength)}…` : redacted;
}
