import { lchown } from "node:fs/promises";
import type { User } from "../domain/user.ts";
import type { Descriptor } from "./descriptor.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";

/** -1 leaves an id alone, as in chown(2). */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who owns what the user makes: `uid` and `gid` of the user document, when the server may give files away (root).
 * Undefined when there is nothing to do; 0 means "not set", as in SFTPGo.
 */
export function ownerFor(user: User): Owner | undefined {
  if (process.getuid?.() !== 0 || (user.uid <= 0 && user.gid <= 0)) return undefined;
  return { uid: user.uid > 0 ? user.uid : -1, gid: user.gid > 0 ? user.gid : -1 };
}

export async function giveFile(context: FilesContext, path: string, file: Descriptor): Promise<void> {
  const owner = ownerFor(context.user);
  if (!owner) return;
  await file.chown(owner.uid, owner.gid).catch((error: unknown) => {
    // The bytes are welcome all the same; SFTPGo only logs too.
    context.events.warn("owner not set", { path, error });
  });
}

export async function giveDirectory(context: FilesContext, path: string, place: Place): Promise<void> {
  const owner = ownerFor(context.user);
  if (!owner) return;
  await lchown(place.path, owner.uid, owner.gid).catch((error: unknown) => {
    // As for files.
    context.events.warn("owner not set", { path, error });
  });
}
