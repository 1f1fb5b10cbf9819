import { constants } from "node:fs";
import type { OpenFlags } from "@fairlead/sftp";

/** Whether an open is an upload: SFTPGo counts every one that could change the file, also if only read then. */
export function isUpload(flags: OpenFlags): boolean {
  return flags.write || flags.append || flags.create || flags.truncate;
}

/**
 * `open_flags` of a `pre-upload`: open(2)'s numbers on Linux, which is what plugins written for SFTPGo expect on any
 * host. APPEND is left out, as observed (65 for an append, 577 for an overwrite, 2 for r+).
 */
export function eventOpenFlags(flags: OpenFlags): number {
  const access = flags.write ? (flags.read ? 2 : 1) : 0;
  return access | (flags.create ? 64 : 0) | (flags.exclusive ? 128 : 0) | (flags.truncate ? 512 : 0);
}

/** open(2)'s access mode. APPEND alone means writing too. */
export function accessMode(access: { readonly canRead: boolean; readonly canWrite: boolean }): number {
  if (!access.canWrite) return constants.O_RDONLY;
  return access.canRead ? constants.O_RDWR : constants.O_WRONLY;
}
