import { rename } from "node:fs/promises";
import { SftpError } from "@fairlead/sftp";
import type { Permission } from "../domain/permissions.ts";
import { isInside } from "../domain/virtual-path.ts";
import { atPlace } from "./at-place.ts";
import { noSuchFile, permissionDenied } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";
import { requirePaid, takingName } from "./quota-names.ts";
import { moveWithoutReplacing } from "./upload-destination.ts";

const NO_FOLLOW = { followLast: false } as const;

/** Renames a file, link or directory. `mayReplace`: whether the client wants an existing file replaced. */
export async function renameEntry(context: FilesContext, from: string, to: string, mayReplace: boolean): Promise<void> {
  const { access, events, jail } = context;
  const startMs = performance.now();
  access.require(from, "use", "rename", "rename_files", "rename_dirs");
  access.require(to, "create", "rename", "rename_files", "rename_dirs");
  if (from === "/" || to === "/") throw permissionDenied();
  // As observed for the same name; a directory cannot move into itself either.
  if (from === to || isInside(to, from)) throw new SftpError("OP_UNSUPPORTED", "cannot rename a path to itself");
  events.requireRecordable("rename");
  await atPlace(jail, from, NO_FOLLOW, (source) =>
    atPlace(jail, to, NO_FOLLOW, (target) => move(context, { from, source, to, target, mayReplace })),
  );
  const elapsedMs = performance.now() - startMs;
  const safe = events.publishDone({ action: "rename", virtualPath: from, virtualTargetPath: to, elapsedMs });
  if (safe) await safe;
}

interface Move {
  readonly from: string;
  readonly source: Place;
  readonly to: string;
  readonly target: Place;
  readonly mayReplace: boolean;
}

async function move(context: FilesContext, { from, source, to, target, mayReplace }: Move): Promise<void> {
  const { access, gate, quota } = context;
  if (!source.stats) throw noSuchFile();
  const isDirectory = source.stats.isDirectory();
  const permissions: readonly Permission[] = ["rename", isDirectory ? "rename_dirs" : "rename_files"];
  for (const [path, place, use] of [
    [from, source, "use"],
    [to, target, "create"],
  ] as const) {
    access.require(path, use, ...permissions);
    access.requireAt(place, use, ...permissions);
  }
  if (isDirectory) {
    access.requireSameRulesBelow(from, to);
    access.requireSameRulesBelow(source.virtualPath, target.virtualPath);
  }
  const canOverwrite = access.permitsAt(target, to, "overwrite");
  if (target.stats) {
    if (target.stats.isDirectory()) throw new SftpError("OP_UNSUPPORTED", "cannot rename onto a directory");
    if (!canOverwrite) throw permissionDenied();
    if (!mayReplace) throw new SftpError("FAILURE", "file exists");
  }
  const asked = gate.ask({
    operation: "rename",
    virtualPath: source.virtualPath,
    virtualTargetPath: target.virtualPath,
    fileSizeBytes: isDirectory ? 0 : source.stats.size,
  });
  if (asked) await asked;
  const mayTakeName = isDirectory || (canOverwrite && mayReplace);
  await takingName(quota, target.path, async () => {
    await requirePaid(quota, source.path);
    await (mayTakeName ? rename(source.path, target.path) : moveWithoutReplacing(source.path, target.path));
  });
}
