import { isAbsolute, join } from "node:path";

import type { Config } from "./config/load-config.ts";
import { type AdminAccounts, createAdminAccounts } from "./login/admin-accounts.ts";
import type { UserRules } from "./domain/validate-user.ts";
import { createPasswordHasher, type PasswordHasher } from "./login/password/password-hasher.ts";
import { createUserAdmin, type UserAdmin } from "./login/user-admin.ts";
import { NO_SECRETS, type SecretStore } from "./secrets/secret-store.ts";
import { openSqliteStore, type SqliteStore } from "./store/sqlite-store.ts";

export interface OpenedUsers {
  /** Close it at the end. */
  readonly store: SqliteStore;
  readonly users: UserAdmin;
  readonly admins: AdminAccounts;
  readonly hasher: PasswordHasher;
  readonly rules: UserRules;
}

/** How many may wait to have their password checked before the server says it is busy. */
const MAX_WAITING_HASHES = 256;

/** Opens the configured store. Without `secrets`, users who have some are refused. Throws `ERR_STORE`. */
export function openUserAdmin(config: Config, secrets: SecretStore = NO_SECRETS): OpenedUsers {
  const { name, password_hashing: hashing } = config.dataProvider;
  const store = openSqliteStore({ file: isAbsolute(name) ? name : join(config.dataDir, name) });
  const hasher = createPasswordHasher(
    {
      algorithm: hashing.algo,
      bcryptCost: hashing.bcrypt_options.cost,
      argon2: {
        memoryKib: hashing.argon2_options.memory,
        iterations: hashing.argon2_options.iterations,
        parallelism: hashing.argon2_options.parallelism,
      },
    },
    { running: config.fairlead.max_concurrent_hashes, waiting: MAX_WAITING_HASHES },
  );
  const rules: UserRules = {
    namingRules: config.dataProvider.naming_rules,
    usersBaseDir: config.dataProvider.users_base_dir,
    totpConfigs: config.mfa.totp.map((one) => one.name),
  };
  const users = createUserAdmin({ store, hasher, rules, secrets });
  const admins = createAdminAccounts({ store: store.admins, hasher, namingRules: config.dataProvider.naming_rules });
  return { store, users, admins, hasher, rules };
}
