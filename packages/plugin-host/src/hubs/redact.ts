/** Shorter secrets are in too many words to be told from them. */
const minSecretLength = 4;
const maxMessageLength = 1_000;

/** A plugin's words for a message: bounded, and without the secrets it was given, should it repeat them. */
export function redact(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap(spellingsOf).filter(({ length }) => length >= minSecretLength);
  let redacted = text;
  // The longest first: one may be a part of another.
  for (const secret of spellings.toSorted((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, "[redacted]");
  }
  return redacted.length > maxMessageLength ? `${redacted.slice(0, maxMessageLength)}…` : redacted;
}

/** As it is, as JSON and Go's %q have it, and as a URL has it. */
function spellingsOf(secret: string): readonly string[] {
  const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
  return [...new Set(spellings)];
}
