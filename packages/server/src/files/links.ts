import { link, readlink, symlink } from "node:fs/promises";
import { SftpError } from "@fairlead/sftp";
import { parentOf, relativeVirtualPath, resolveLinkTarget } from "../domain/virtual-path.ts";
import { atPlace } from "./at-place.ts";
import { noSuchFile, permissionDenied } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import { givingName } from "./quota-names.ts";

const NO_FOLLOW = { followLast: false } as const;

/**
 * Makes a symbolic link, where the policy allows links at all. Its text is always relative, as SFTPGo writes it: an
 * absolute target is rewritten, one that climbs out of the home refused. A relative target counts from the link's
 * directory, as in POSIX. No event, as observed.
 */
export async function makeSymlink(context: FilesContext, target: string, linkPath: string): Promise<void> {
  const { access, jail, policy } = context;
  access.require(linkPath, "create", "create_symlinks");
  if (policy.symlinkMode !== 1 && policy.symlinkMode !== 3) {
    throw new SftpError("OP_UNSUPPORTED", "symbolic links are not enabled");
  }
  await atPlace(jail, linkPath, NO_FOLLOW, async (place) => {
    access.requireAt(place, "create", "create_symlinks");
    const directory = parentOf(place.virtualPath);
    const targetPath = resolveLinkTarget(directory, target);
    if (targetPath === undefined) throw permissionDenied();
    access.require(targetPath, "use", "create_symlinks");
    await symlink(relativeVirtualPath(directory, targetPath), place.path);
  });
}

/**
 * A link's text as the client may see it. One that climbs is shown as the path it means: that is how an absolute target
 * comes back after it was rewritten. An absolute one on the disk is a path of the host and is shown as the virtual path
 * inside; one that leads out of the home is not shown.
 */
export async function readSymlink(context: FilesContext, path: string): Promise<string> {
  const { access, jail } = context;
  access.require(path, "look", "list");
  return atPlace(jail, path, NO_FOLLOW, async (place) => {
    access.requireAt(place, "look", "list");
    if (!place.stats) throw noSuchFile();
    if (!place.stats.isSymbolicLink()) throw new SftpError("FAILURE", "not a symbolic link");
    const text = await readlink(place.path);
    const inside = text.startsWith("/") ? jail.virtualPathOf(text) : text;
    const target = inside === undefined ? undefined : resolveLinkTarget(parentOf(place.virtualPath), inside);
    if (inside === undefined || target === undefined) throw permissionDenied();
    return inside.split("/").includes("..") ? target : inside;
  });
}

/**
 * Makes a second name for a file (hardlink@openssh.com; SFTPGo has no such request). The new name can read and change
 * the file, so it needs `download` and `overwrite` where the file is, and `upload` and `create_symlinks` where the name
 * appears. To plugins it is a `copy`: another path holds the file now; gates are asked to read and change the
 * file, and to upload the name.
 */
export async function makeHardLink(context: FilesContext, from: string, to: string): Promise<void> {
  const { access, events, gate, jail, quota } = context;
  const startMs = performance.now();
  for (const permission of ["download", "overwrite"] as const) access.require(from, "use", permission);
  for (const permission of ["upload", "create_symlinks"] as const) access.require(to, "create", permission);
  events.requireRecordable("copy");
  const sizeBytes = await atPlace(jail, from, NO_FOLLOW, (source) =>
    atPlace(jail, to, NO_FOLLOW, async (target) => {
      for (const permission of ["download", "overwrite"] as const) access.requireAt(source, "use", permission);
      for (const permission of ["upload", "create_symlinks"] as const) access.requireAt(target, "create", permission);
      if (!source.stats) throw noSuchFile();
      if (!source.stats.isFile()) throw new SftpError("FAILURE", "not a regular file");
      const { size: fileSizeBytes } = source.stats;
      for (const operation of ["download", "upload"] as const) {
        await gate.ask({ operation, virtualPath: source.virtualPath, fileSizeBytes });
      }
      await gate.ask({ operation: "upload", virtualPath: target.virtualPath });
      await givingName(quota, source.path, () => link(source.path, target.path));
      return source.stats.size;
    }),
  );
  const safe = events.publishDone({
    action: "copy",
    virtualPath: from,
    virtualTargetPath: to,
    fileSizeBytes: BigInt(sizeBytes),
    elapsedMs: performance.now() - startMs,
  });
  if (safe) await safe;
}
