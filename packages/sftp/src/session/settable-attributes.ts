import type { FileAttributes } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";

/** Refuses attributes of a SETSTAT or OPEN that no file system can have: sizes above Number.MAX_SAFE_INTEGER. */
export function checkSettable(attributes: FileAttributes): void {
  const { sizeBytes } = attributes;
  if (sizeBytes !== undefined && sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new SftpError("FAILURE", "File size is too large");
  }
}
