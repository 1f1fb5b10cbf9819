import { type Admin, parseAdmin } from "../domain/admin.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { parseIpRanges } from "../domain/ip-range.ts";
import { normaliseUsername, usernameProblem } from "../domain/username.ts";
import type { AdminStore } from "./admin-store.ts";
import { isPasswordHash } from "./password/hash-scheme.ts";
import type { PasswordHasher } from "./password/password-hasher.ts";

/** Why an administrator may not log in; for the client, who learns no more than SFTPGo tells. */
export type AdminLogin =
  | { readonly outcome: "accepted"; readonly admin: Admin }
  | { readonly outcome: "refused"; readonly message: string };

/** Administrators: who they are, and whether somebody is one. */
export interface AdminAccounts {
  list(): Promise<readonly Admin[]>;
  /** `password` may be plain text or a hash. Rejects with `ERR_INVALID_ADMIN`, `ERR_ADMIN_EXISTS`. */
  add(document: unknown): Promise<Admin>;
  /** Rejects with `ERR_ADMIN_NOT_FOUND`. */
  setPassword(username: string, password: string): Promise<Admin>;
  remove(username: string): Promise<boolean>;
  find(username: string): Promise<Admin | undefined>;
  /** Why this administrator may not come from `ip`, whatever the password; `undefined` = may. */
  problemOf(admin: Admin, ip: string): string | undefined;
  login(request: { readonly username: string; readonly password: string; readonly ip: string }): Promise<AdminLogin>;
}

export interface AdminAccountsOptions {
  readonly store: AdminStore;
  readonly hasher: PasswordHasher;
  /** SFTPGo's `data_provider.naming_rules`. */
  readonly namingRules: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

// SFTPGo's text.
const INVALID_CREDENTIALS = "invalid credentials";

export function createAdminAccounts(options: AdminAccountsOptions): AdminAccounts {
  const { store, hasher, namingRules } = options;
  const clock = options.clock ?? Date.now;
  const nameOf = (username: string): string => normaliseUsername(username, namingRules);

  async function hashed(admin: Admin, password: string): Promise<Admin> {
    const hash = isPasswordHash(password) ? password : await hasher.hash(password);
    return parseAdmin({ ...admin.document, username: nameOf(admin.username), password: hash });
  }

  async function verify(admin: Admin | undefined, password: string, ip: string): Promise<boolean> {
    // Always computed: how long an answer takes must not tell who exists.
    const verdict =
      admin === undefined || admin.passwordHash === ""
        ? await hasher.verifyNothing(password, { origin: ip })
        : await hasher.verify(password, admin.passwordHash, { origin: ip });
    return verdict === "match";
  }

  return {
    list: async () => await store.listAdmins(),
    find: async (username) => await store.findAdmin(nameOf(username)),
    async add(document) {
      const admin = validated(parseAdmin(document), namingRules);
      return await store.addAdmin(await hashed(admin, admin.passwordHash));
    },
    async setPassword(username, password) {
      const admin = await store.findAdmin(nameOf(username));
      if (admin === undefined) {
        throw adminNotFound(username);
      }
      return await store.updateAdmin(await hashed(admin, password));
    },
    problemOf: loginProblem,
    remove: async (username) => await store.removeAdmin(nameOf(username)),
    async login({ username, password, ip }) {
      const admin = await store.findAdmin(nameOf(username));
      const isRight = await verify(admin, password, ip);
      if (admin === undefined || !isRight) {
        return { outcome: "refused", message: INVALID_CREDENTIALS };
      }
      const problem = loginProblem(admin, ip);
      if (problem !== undefined) {
        return { outcome: "refused", message: problem };
      }
      await store.recordAdminLogin(admin.username, clock());
      return { outcome: "accepted", admin };
    },
  };
}

function loginProblem(admin: Admin, ip: string): string | undefined {
  if (admin.status !== 1) {
    return `admin "${admin.username}" is disabled`;
  }
  if (admin.requiresTwoFactor) {
    return `admin "${admin.username}" needs a second factor, not supported here`;
  }
  return isAllowedFrom(admin, ip)
    ? undefined
    : `login for admin "${admin.username}" is not allowed from this address: ${ip}`;
}

function isAllowedFrom({ allowedIp }: Admin, ip: string): boolean {
  try {
    return allowedIp.length === 0 || parseIpRanges(allowedIp).includes(ip);
  } catch {
    return false; // a range nobody can read must not open the door
  }
}

function validated(admin: Admin, namingRules: number): Admin {
  const username = normaliseUsername(admin.username, namingRules);
  const problem =
    usernameProblem(username, namingRules) ??
    (admin.passwordHash === "" ? "an administrator needs a password" : undefined) ??
    (admin.permissions.length === 0 ? 'an administrator needs permissions; "*" is all of them' : undefined);
  if (problem !== undefined) {
    throw new FairleadError("ERR_INVALID_ADMIN", problem, { details: { username } });
  }
  return admin;
}

export function adminNotFound(username: string): FairleadError {
  return new FairleadError("ERR_ADMIN_NOT_FOUND", `there is no admin "${username}"`, { details: { username } });
}
