import { constants } from "node:fs";
import { SftpError } from "@fairlead/sftp";
import { limitExceeded } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";

/** open(2)'s numbers on Linux, as in events. */
const O_WRONLY = 1;
const O_TRUNC = 512;

/** Sets the size of a file by its path (SETSTAT with a size). Sends no event, as observed; gates see an upload. */
export async function truncatePlace(context: FilesContext, place: Place, sizeBytes: number): Promise<void> {
  if (place.stats?.isFile() !== true) throw new SftpError("FAILURE", "not a regular file");
  if (sizeBytes > place.stats.size && sizeBytes > context.maxUploadBytes) throw limitExceeded();
  const { size: fileSizeBytes } = place.stats;
  const openFlags = sizeBytes === 0 ? O_WRONLY | O_TRUNC : O_WRONLY;
  const asked = context.gate.ask({ operation: "upload", virtualPath: place.virtualPath, fileSizeBytes, openFlags });
  if (asked) await asked;
  const file = await place.open(constants.O_WRONLY);
  try {
    const held = await context.quota?.hold(file);
    try {
      await (held ?? file).truncate(sizeBytes);
    } finally {
      await held?.release();
    }
  } finally {
    await file.close();
  }
}
