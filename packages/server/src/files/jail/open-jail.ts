import { lchown, mkdir } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { FairleadError } from "../../domain/fairlead-error.ts";
import type { User } from "../../domain/user.ts";
import { ownerFor } from "../ownership.ts";
import type { Jail } from "./jail.ts";
import { canOpenLinuxJail, openLinuxJail } from "./linux-jail.ts";
import { openPortableJail } from "./portable-jail.ts";

/**
 * Opens the home of a user as a jail, and makes it first when it is missing, with its parents, as SFTPGo does. Throws
 * `ERR_INVALID_USER` when there is no usable home.
 */
export async function openHomeJail(user: User): Promise<Jail> {
  const { homeDir } = user;
  if (!isAbsolute(homeDir)) throw unusable(user, "it is not an absolute path");
  try {
    const made = await mkdir(homeDir, { recursive: true, mode: 0o755 });
    const owner = ownerFor(user);
    // Only a home made here is given away; an existing one is the administrator's business.
    if (made !== undefined && owner) await lchown(homeDir, owner.uid, owner.gid);
    return await (canOpenLinuxJail() ? openLinuxJail(homeDir) : openPortableJail(homeDir));
  } catch (cause) {
    throw unusable(user, "it cannot be made or opened", cause);
  }
}

function unusable(user: User, why: string, cause?: unknown): FairleadError {
  return new FairleadError("ERR_INVALID_USER", `home directory "${user.homeDir}" of user "${user.username}": ${why}`, {
    details: { field: "home_dir", username: user.username, homeDir: user.homeDir },
    cause,
  });
}
