import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { parseUser, type User } from "../domain/user.ts";
import { normaliseUsername } from "../domain/username.ts";
import { type UserRules, validateUser } from "../domain/validate-user.ts";
import { encryptSecrets } from "../secrets/encrypt-secrets.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import { isPasswordHash } from "./password/hash-scheme.ts";
import type { PasswordHasher } from "./password/password-hasher.ts";
import type { UserStore } from "./user-store.ts";

/** What the client proved itself with, and the plugin approved. */
export interface ApprovedCredentials {
  /** Plain text. */
  readonly password?: string;
  /** `ssh-ed25519 AAAA…` and a line feed, without a comment. */
  readonly keyLine?: string;
}

export interface AdoptUserOptions {
  readonly users: Pick<UserStore, "addUser" | "findUser" | "updateUser">;
  readonly hasher: PasswordHasher;
  readonly rules: UserRules;
  /** Encrypts the secrets a plugin sends as plain text. */
  readonly secrets: SecretStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface Adoption {
  /** As the plugin sent it. */
  readonly document: JsonDocument;
  /** Who is stored under the name that logs in. */
  readonly stored: User | undefined;
  readonly credentials: ApprovedCredentials;
  readonly signal?: AbortSignal;
}

/** Counters and times a plugin does not get to set; the stored ones stay. */
const HOST_OWNED = [
  "used_quota_size",
  "used_quota_files",
  "last_quota_update",
  "used_upload_data_transfer",
  "used_download_data_transfer",
  "last_password_change",
] as const;
/** Second factors are set up here by the user; a plugin neither adds to nor takes away from a stored user's. */
const HOST_OWNED_FILTERS = ["totp_config", "recovery_codes"] as const;

/**
 * Stores a user as an auth plugin wants it, and returns what was stored. The document replaces the stored one: what it
 * leaves out becomes empty, except what belongs to the host. Rejects with `ERR_INVALID_USER`, `ERR_PASSWORD_HASH`,
 * `ERR_USER_EXISTS` (an unknown login whose document names somebody else), `ERR_USER_NOT_FOUND` (the reverse), `ERR_STORE`.
 */
export async function adoptUser(adoption: Adoption, options: AdoptUserOptions): Promise<User> {
  const { users, rules, secrets } = options;
  const { stored, credentials, signal } = adoption;
  const wanted = parseUser(adoption.document);
  const name = normaliseUsername(wanted.username, rules.namingRules);
  const newPassword = await passwordFields(wanted, credentials, options);
  // Read again, and after the slow steps: what others have changed since the login began must not be undone.
  const target = stored === undefined ? undefined : await findTarget(name === "" ? stored.username : name, users);
  const user = validateUser(parseUser({ ...merge(wanted, target, credentials), ...newPassword }), rules);
  refuseWhatIsMissing(user);
  const document = await encryptSecrets(user.document, {
    secrets,
    username: user.username,
    ...(target === undefined ? {} : { stored: target.document }),
    ...(signal === undefined ? {} : { signal }),
  });
  const complete = parseUser(document);
  return target === undefined ? await users.addUser(complete) : await users.updateUser(complete);
}

/** Makes this password the stored one, and nothing else. Rejects as {@link adoptUser}. */
export async function storePassword(username: string, password: string, options: AdoptUserOptions): Promise<User> {
  const fields = await hashedFields(password, options);
  const user = await findTarget(username, options.users);
  return await options.users.updateUser(parseUser({ ...user.document, ...fields }));
}

/** A known user may be told to go on as another known one; a login nobody knows makes a new user. */
async function findTarget(name: string, users: Pick<UserStore, "findUser">): Promise<User> {
  const user = await users.findUser(name);
  if (user === undefined) {
    throw new FairleadError("ERR_USER_NOT_FOUND", `there is no user "${name}"`, { details: { username: name } });
  }
  return user;
}

function merge(wanted: User, target: User | undefined, credentials: ApprovedCredentials): JsonDocument {
  const kept = target?.document ?? {};
  return {
    ...replaced(wanted.document, kept, HOST_OWNED),
    ...(target === undefined ? {} : { filters: mergedFilters(wanted.document, kept) }),
    public_keys: withKey(wanted.publicKeys, credentials.keyLine),
  };
}

function mergedFilters(wanted: JsonDocument, kept: JsonDocument): JsonDocument {
  return replaced(filtersOf(wanted), filtersOf(kept), HOST_OWNED_FILTERS);
}

function filtersOf(document: JsonDocument): JsonDocument {
  const filters = document["filters"];
  return isJsonDocument(filters) ? filters : {};
}

/** `wanted` with these fields as they are in `kept`: also absent where they are absent there. */
function replaced(wanted: JsonDocument, kept: JsonDocument, keys: readonly string[]): JsonDocument {
  const own = Object.entries(wanted).filter(([key]) => !keys.includes(key));
  const restored = keys.filter((key) => Object.hasOwn(kept, key)).map((key) => [key, kept[key]] as const);
  return Object.fromEntries([...own, ...restored]);
}

/** The key is appended unless a returned one is its beginning; one with a comment is not, as observed. */
function withKey(returned: readonly string[], keyLine: string | undefined): readonly string[] {
  const keys = returned.filter((key) => key !== "");
  return keyLine === undefined || keys.some((key) => keyLine.startsWith(key)) ? keys : [...keys, keyLine];
}

/** Groups and folders are not implemented, so none that a document names is there. */
function refuseWhatIsMissing(user: User): void {
  if (user.groupCount > 0) {
    throw new FairleadError("ERR_INVALID_USER", "unable to load group password policies", {
      details: { missing: "groups" },
    });
  }
  if (user.virtualFolderCount > 0) {
    throw new FairleadError("ERR_INVALID_USER", "a virtual folder of the user does not exist", {
      details: { missing: "virtual_folders" },
    });
  }
}

/** The password the client came with goes before the one the plugin sent, which may be a hash already, or none. */
async function passwordFields(
  wanted: User,
  credentials: ApprovedCredentials,
  options: AdoptUserOptions,
): Promise<JsonDocument> {
  const { password } = credentials;
  if (password !== undefined) {
    return await hashedFields(password, options);
  }
  const isStorable = wanted.passwordHash === "" || isPasswordHash(wanted.passwordHash);
  return isStorable ? {} : await hashedFields(wanted.passwordHash, options);
}

/** A password that looks like a hash is hashed all the same: it was typed, not computed. */
async function hashedFields(password: string, { hasher, clock }: AdoptUserOptions): Promise<JsonDocument> {
  return { password: await hasher.hash(password), last_password_change: clock() };
}
