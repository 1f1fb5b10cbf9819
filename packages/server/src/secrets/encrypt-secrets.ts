import { FairleadError } from "../domain/fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";
import { parseUser, type User } from "../domain/user.ts";
import { formatSecret, parseSecret, PLAIN, REDACTED, type Secret } from "./secret.ts";
import type { SecretCallOptions, SecretStore } from "./secret-store.ts";
import { FILESYSTEM_SECRETS, type PlacedSecret, secretsOf, valueAt, withValue } from "./secrets-of.ts";
import { isWellFormed } from "./well-formed.ts";

export interface EncryptSecretsOptions extends SecretCallOptions {
  readonly secrets: SecretStore;
  /** Bound to each secret; the name the user is stored under. */
  readonly username: string;
  /** The document stored until now: a `Redacted` secret keeps what is there. */
  readonly stored?: JsonDocument;
}

/**
 * Makes a user's document fit to be stored: `Plain` secrets are encrypted, `Redacted` ones replaced by what is stored,
 * those of filesystems the user does not have are dropped, as SFTPGo does. Rejects with `ERR_INVALID_USER` naming the
 * field, before anything is encrypted, and with `ERR_SECRET`.
 */
export async function encryptSecrets(document: JsonDocument, options: EncryptSecretsOptions): Promise<JsonDocument> {
  const { secrets, username, stored, signal } = options;
  const kept = withoutForeignSecrets(document);
  const places = checkedSecrets(kept, secrets, stored);
  let result: unknown = kept;
  for (const { path, secret } of places) {
    const isPlain = secret.status === PLAIN;
    const sealed = isPlain ? await secrets.encrypt(secret.payload, username, signal && { signal }) : secret;
    result = withValue(result, path, formatSecret(sealed));
  }
  return result as JsonDocument;
}

/** The same for a user, by their own name. */
export async function sealUser(user: User, options: Omit<EncryptSecretsOptions, "username">): Promise<User> {
  return parseUser(await encryptSecrets(user.document, { ...options, username: user.username }));
}

/** Throws as {@link encryptSecrets} would before it encrypts. */
export function checkSecrets(document: JsonDocument, secrets: Pick<SecretStore, "canDecrypt">): void {
  checkedSecrets(withoutForeignSecrets(document), secrets, undefined);
}

function checkedSecrets(
  document: JsonDocument,
  secrets: Pick<SecretStore, "canDecrypt">,
  stored: JsonDocument | undefined,
): readonly PlacedSecret[] {
  return secretsOf(document).map((place) => {
    const secret = place.secret.status === REDACTED ? storedSecret(place, stored) : place.secret;
    const problem = secretProblem(secret, secrets);
    if (problem !== undefined) {
      throw reject(place.field, problem);
    }
    return { ...place, secret };
  });
}

function storedSecret({ path, field }: PlacedSecret, stored: JsonDocument | undefined): Secret {
  const secret = parseSecret(valueAt(stored, path), field);
  if (secret === undefined) {
    throw reject(field, 'has the status "Redacted", and nothing is stored that it could stand for');
  }
  return secret;
}

function secretProblem(secret: Secret, secrets: Pick<SecretStore, "canDecrypt">): string | undefined {
  const { status } = secret;
  if (secret.payload === "") {
    return `has the status ${JSON.stringify(status)} and no payload`;
  }
  if (status === PLAIN) {
    return undefined;
  }
  if (secrets.canDecrypt(status)) {
    return isWellFormed(secret) ? undefined : "has a key that is damaged";
  }
  // A slip in the status must not store a plain text as if it were encrypted.
  return `has the status ${JSON.stringify(status)}, which nothing here can read; a text to encrypt has the status "Plain"`;
}

/** SFTPGo empties the blocks of the filesystems a user does not have, and a second factor that is switched off. */
function withoutForeignSecrets(document: JsonDocument): JsonDocument {
  const provider = valueAt(document, ["filesystem", "provider"]) ?? 0;
  let result: unknown = document;
  for (const [owner, block, names] of FILESYSTEM_SECRETS) {
    for (const name of names) {
      const path = ["filesystem", block, name];
      if (owner !== provider && !isEmpty(valueAt(result, path))) {
        result = withValue(result, path, {});
      }
    }
  }
  const totp = valueAt(result, ["filters", "totp_config"]);
  const isSwitchedOff = totp !== undefined && valueAt(totp, ["enabled"]) !== true;
  return (isSwitchedOff ? withValue(result, ["filters", "totp_config"], { secret: {} }) : result) as JsonDocument;
}

/** Most are, and each that is emptied costs a copy of the document. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (isJsonDocument(value) && Object.keys(value).length === 0);
}

function reject(field: string, problem: string): FairleadError {
  return new FairleadError("ERR_INVALID_USER", `user field "${field}" ${problem}`, { details: { field } });
}
