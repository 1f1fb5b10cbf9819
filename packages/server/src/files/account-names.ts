import type { UserGroupNames } from "@fairlead/sftp";
import type { User } from "../domain/user.ts";
import { ownerFor } from "./ownership.ts";

/**
 * Answers `users-groups-by-id@openssh.com` for a user of ours: the ids their own files get carry their own name, all
 * others none. The accounts of the host are not theirs to read, and a client shows an id that has no name as a number.
 */
export function nameAccounts(user: User, uids: readonly number[], gids: readonly number[]): UserGroupNames {
  const owner = ownerFor(user);
  const uid = owner !== undefined && owner.uid >= 0 ? owner.uid : process.getuid?.();
  const gid = owner !== undefined && owner.gid >= 0 ? owner.gid : process.getgid?.();
  return {
    users: uids.map((id) => (id === uid ? user.username : "")),
    groups: gids.map((id) => (id === gid ? user.username : "")),
  };
}
