import { isAbsolute, join } from "node:path";

import type { Config } from "./config/load-config.ts";
import { createPasswordHasher, type PasswordHasher } from "./login/password/password-hasher.ts";
import { createUserAdmin, type UserAdmin } from "./login/user-admin.ts";
import { openSqliteStore, type SqliteStore } from "./store/sqlite-store.ts";

export interface OpenedUsers {
  /** Close it at the end. */
  readonly store: SqliteStore;
  readonly users: UserAdmin;
  readonly hasher: PasswordHasher;
}

/** How many may wait to have their password checked before the server says it is busy. */
const MAX_WAITING_HASHES = 256;

/** Opens the configured store. Throws `ERR_STORE`. */
export function openUserAdmin(config: Config): OpenedUsers {
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
  const users = createUserAdmin({
    store,
    hasher,
    rules: {
      namingRules: config.dataProvider.naming_rules,
      usersBaseDir: config.dataProvider.users_base_dir,
    },
  });
  return { store, users, hasher };
}
