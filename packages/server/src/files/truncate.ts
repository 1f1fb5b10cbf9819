import { constants } from "node:fs";
import { SftpError } from "@fairlead/sftp";
import { limitExceeded } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";

/** Sets the size of a file by its path (SETSTAT with a size). Sends no event, as observed. */
export async function truncatePlace(context: FilesContext, place: Place, sizeBytes: number): Promise<void> {
  if (place.stats?.isFile() !== true) throw new SftpError("FAILURE", "not a regular file");
  if (sizeBytes > place.stats.size && sizeBytes > context.maxUploadBytes) throw limitExceeded();
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
