import { chmod, chown, lchown, lutimes, utimes } from "node:fs/promises";
import { type FileAttributes, SftpError } from "@fairlead/sftp";
import type { Permission } from "../domain/permissions.ts";
import type { Descriptor } from "./descriptor.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";

// No set-uid, set-gid or sticky bits: a file of the server's user that becomes a program of that user is a way out.
const MODE_BITS = 0o777;

/** What `attributes` would change, apart from the size, after the policy had its say. */
export interface Changes {
  readonly mode?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly times?: { readonly accessS: number; readonly modifyS: number };
}

/** The changes a client asks for and the permissions they need. Owner and times travel in pairs on the wire. */
export function requestedChanges(attributes: FileAttributes, context: FilesContext): Changes {
  if (context.policy.setstatMode === 1) return {};
  const { mode, uid, gid, accessTimeS, modifyTimeS } = attributes;
  return {
    ...(mode === undefined ? {} : { mode: mode & MODE_BITS }),
    ...(uid === undefined || gid === undefined ? {} : { owner: { uid, gid } }),
    ...(accessTimeS === undefined || modifyTimeS === undefined
      ? {}
      : { times: { accessS: accessTimeS, modifyS: modifyTimeS } }),
  };
}

/** All of these are needed; each is asked for before anything is changed. */
export function permissionsFor(changes: Changes): Permission[] {
  const needed: Permission[] = [];
  if (changes.mode !== undefined) needed.push("chmod");
  if (changes.owner) needed.push("chown");
  if (changes.times) needed.push("chtimes");
  return needed;
}

/** Times last: the other changes must not move them. */
export async function changeOpenFile(file: Descriptor, changes: Changes): Promise<void> {
  if (changes.mode !== undefined) await file.chmod(changes.mode);
  if (changes.owner) await file.chown(changes.owner.uid, changes.owner.gid);
  if (changes.times) await file.setTimes(changes.times.accessS, changes.times.modifyS);
}

/** Changes what stands at a place that is no link. */
export async function changePlace(place: Place, changes: Changes): Promise<void> {
  if (permissionsFor(changes).length === 0) return;
  const pin = await place.pin();
  try {
    if (changes.mode !== undefined) await chmod(pin.path, changes.mode);
    if (changes.owner) await chown(pin.path, changes.owner.uid, changes.owner.gid);
    if (changes.times) await utimes(pin.path, changes.times.accessS, changes.times.modifyS);
  } finally {
    pin.release();
  }
}

/** Changes the link that stands at a place. Links have no mode of their own. */
export async function changeLink(place: Place, changes: Changes): Promise<void> {
  if (changes.mode !== undefined) throw new SftpError("OP_UNSUPPORTED", "a symbolic link has no permissions to change");
  if (changes.owner) await lchown(place.path, changes.owner.uid, changes.owner.gid);
  if (changes.times) await lutimes(place.path, changes.times.accessS, changes.times.modifyS);
}
