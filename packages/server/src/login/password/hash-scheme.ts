/** Formats of stored password hashes this server can verify. */
export type HashScheme = "argon2id" | "bcrypt" | "pbkdf2" | "sha256-crypt" | "sha512-crypt";

const SCHEMES: readonly (readonly [prefix: string, scheme: HashScheme])[] = [
  ["$2a$", "bcrypt"],
  ["$2b$", "bcrypt"],
  ["$2y$", "bcrypt"],
  ["$argon2id$", "argon2id"],
  ["$pbkdf2-sha1$", "pbkdf2"],
  ["$pbkdf2-sha256$", "pbkdf2"],
  ["$pbkdf2-sha512$", "pbkdf2"],
  ["$pbkdf2-b64salt-sha256$", "pbkdf2"],
  ["$5$", "sha256-crypt"],
  ["$6$", "sha512-crypt"],
];

// SFTPGo keeps these as they are when a user is saved with one; they are hashes, not plain text.
const KNOWN_BUT_UNSUPPORTED: readonly string[] = ["$1$", "$apr1$", "$y$", "{MD5}", "{SHA256}", "{SHA512}"];

/** The scheme of a stored hash, `undefined` for text this server cannot verify. */
export function hashSchemeOf(encoded: string): HashScheme | undefined {
  return SCHEMES.find(([prefix]) => encoded.startsWith(prefix))?.[1];
}

/** The prefix of a hash SFTPGo knows and this server does not, for messages. */
function unsupportedHashPrefix(encoded: string): string | undefined {
  return KNOWN_BUT_UNSUPPORTED.find((prefix) => encoded.startsWith(prefix));
}

/** True for text that SFTPGo would store as it is instead of hashing it. */
export function isPasswordHash(text: string): boolean {
  return hashSchemeOf(text) !== undefined || unsupportedHashPrefix(text) !== undefined;
}
