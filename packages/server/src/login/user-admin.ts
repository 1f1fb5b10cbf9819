import { FairleadError } from "../domain/fairlead-error.ts";
import { parseUser, type User } from "../domain/user.ts";
import { normaliseUsername } from "../domain/username.ts";
import { type UserRules, validateUser } from "../domain/validate-user.ts";
import { checkSecrets, sealUser } from "../secrets/encrypt-secrets.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import { isPasswordHash } from "./password/hash-scheme.ts";
import type { PasswordHasher } from "./password/password-hasher.ts";
import { userExists, type UserStore } from "./user-store.ts";

/** What an administrator does with users. Every document is checked; no plain password or secret is stored. */
export interface UserAdmin {
  find(username: string): Promise<User | undefined>;
  list(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly User[]>;
  /** Rejects as {@link add} would, as far as that can be told without a password. */
  check(document: unknown): Promise<void>;
  /**
   * Adds a user from SFTPGo's user JSON; `password` may be plain text or a hash, secrets `Plain` or encrypted. Rejects
   * with `ERR_INVALID_USER`, `ERR_PASSWORD_HASH`, `ERR_SECRET`, `ERR_USER_EXISTS`.
   */
  add(document: unknown): Promise<User>;
  /** Sets a password, plain text or hash. Rejects also with `ERR_USER_NOT_FOUND`. */
  setPassword(username: string, password: string): Promise<User>;
  /** False when there is no such user. Open sessions and files stay. */
  remove(username: string): Promise<boolean>;
}

export interface UserAdminOptions {
  readonly store: UserStore;
  readonly hasher: PasswordHasher;
  readonly rules: UserRules;
  readonly secrets: SecretStore;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

export function createUserAdmin(options: UserAdminOptions): UserAdmin {
  const { store, hasher, rules, secrets } = options;
  const clock = options.clock ?? Date.now;
  const lookupName = (username: string): string => normaliseUsername(username, rules.namingRules);

  async function withPassword(user: User, password: string): Promise<User> {
    if (password === "") {
      return user;
    }
    const hash = isPasswordHash(password) ? password : await hasher.hash(password);
    return parseUser({ ...user.document, password: hash, last_password_change: clock() });
  }

  return {
    async find(username) {
      return await store.findUser(lookupName(username));
    },
    async list(page) {
      return await store.listUsers(page);
    },
    async check(document) {
      const { username, document: valid } = validateUser(parseUser(document), rules);
      checkSecrets(valid, secrets);
      if ((await store.findUser(username)) !== undefined) {
        throw userExists(username);
      }
    },
    async add(document) {
      const user = await sealUser(validateUser(parseUser(document), rules), { secrets });
      return await store.addUser(await withPassword(user, user.passwordHash));
    },
    async setPassword(username, password) {
      const user = await store.findUser(lookupName(username));
      if (user === undefined) {
        throw new FairleadError("ERR_USER_NOT_FOUND", `there is no user "${username}"`, {
          details: { username },
        });
      }
      if (password === "") {
        throw new FairleadError("ERR_PASSWORD_HASH", "the password is empty");
      }
      return await store.updateUser(await withPassword(user, password));
    },
    async remove(username) {
      return await store.removeUser(lookupName(username));
    },
  };
}
