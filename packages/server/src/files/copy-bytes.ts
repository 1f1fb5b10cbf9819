import { type CopyOptions, type FileHandle, SftpError } from "@fairlead/sftp";
import type { FilePaths } from "./access.ts";
import type { FilesContext } from "./files-context.ts";

/** Large enough that the disk, not the hops, sets the pace; small enough to be held by every session at once. */
const BUFFER_BYTES = 256 * 1024;

/** A handle of this file system: it knows the paths it was opened by. */
export interface PathHandle extends FileHandle {
  readonly paths: FilePaths;
}

/**
 * Copies between two open files (copy-data). SFTPGo has no such request: its own copy command needs the permission
 * `copy` on both sides, so this does too. To plugins it is a download and an upload, as a WebDAV COPY is in SFTPGo:
 * the events of the two handles tell the bytes. Ends with CONNECTION_LOST when `signal` is aborted.
 */
export async function copyBytes(
  context: FilesContext,
  source: PathHandle,
  target: FileHandle,
  options: CopyOptions,
): Promise<void> {
  if (!isPathHandle(target)) throw new SftpError("OP_UNSUPPORTED", "the target is no file of this session");
  context.access.requireForFile(source.paths, "use", "copy");
  context.access.requireForFile(target.paths, "use", "copy");
  // "To the end" is the end now: copying a file into itself would never meet the other one.
  const sizeBytes = Number((await source.stat()).sizeBytes ?? 0n);
  const available = Math.max(sizeBytes - options.position, 0);
  let left = options.lengthBytes === 0 ? available : Math.min(options.lengthBytes, available);
  const buffer = new Uint8Array(Math.min(BUFFER_BYTES, left));
  let { position, targetPosition } = options;
  while (left > 0) {
    // Nobody would hear the end of it, and a copy may be of any length.
    if (options.signal?.aborted === true) throw new SftpError("CONNECTION_LOST", "the session has ended");
    const count = await source.read(buffer.subarray(0, Math.min(left, buffer.length)), position);
    if (count === 0) return;
    await target.write(buffer.subarray(0, count), targetPosition);
    position += count;
    targetPosition += count;
    left -= count;
  }
}

function isPathHandle(handle: FileHandle): handle is PathHandle {
  return "paths" in handle;
}
