import { FairleadError } from "../domain/fairlead-error.ts";
import type { User } from "../domain/user.ts";

/** Where users live. Implemented by `store/`; every method may reject with `ERR_STORE`. */
export interface UserStore {
  findUser(username: string): Promise<User | undefined>;
  /** Users in the order of their names, at most `limit` (default 100) after the name `after`. */
  listUsers(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly User[]>;
  /** Stores a new user and returns it with its id. Rejects with `ERR_USER_EXISTS`. */
  addUser(user: User): Promise<User>;
  /** Replaces the document of the user with that name. Rejects with `ERR_USER_NOT_FOUND`. */
  updateUser(user: User): Promise<User>;
  /** False when there is no such user. */
  removeUser(username: string): Promise<boolean>;
  /** Remembers when the user last logged in. */
  recordLogin(username: string, atMs: number): Promise<void>;
}

export function userExists(username: string): FairleadError {
  return new FairleadError("ERR_USER_EXISTS", `there is already a user "${username}"`, { details: { username } });
}
