/** Keys of SFTPGo's user JSON whose values are nobody's business: the password's hash, and what a stored secret is made of. */
const secretKeys: ReadonlySet<string> = new Set(["password", "payload", "key", "secret"]);

/** The secrets in a user's document, and the document itself, as an auth plugin may repeat them. */
export function listUserSecrets(document: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(document);
  return [text, ...findSecrets(text)];
}

function findSecrets(text: string): readonly string[] {
  const found: string[] = [];
  try {
    JSON.parse(text, (key, value: unknown) => {
      if (typeof value === "string" && secretKeys.has(key)) found.push(value);
      return value;
    });
  } catch {
    // The server made it. Were it no JSON after all, then it is still kept out of messages as a whole.
  }
  return found;
}
