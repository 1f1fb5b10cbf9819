import { constants } from "node:fs";
import { SftpError } from "@fairlead/sftp";
import { limitExceeded } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";

/** Sets the size of a file that is not open (SETSTAT with a size). Sends no event, as observed. */
export async function truncatePlace(context: FilesContext, place: Place, sizeBytes: number): Promise<void> {
  if (place.stats?.isFile() !== true) throw new SftpError("FAILURE", "not a regular file");
  const grownBytes = sizeBytes - place.stats.size;
  if (grownBytes > 0 && sizeBytes > context.maxUploadBytes) throw limitExceeded();
  if (context.quota?.tryGrow(grownBytes) === false) throw limitExceeded();
  try {
    await truncate(place, sizeBytes);
  } catch (error) {
    context.quota?.record({ files: 0, sizeBytes: -grownBytes });
    throw error;
  }
}

async function truncate(place: Place, sizeBytes: number): Promise<void> {
  const file = await place.open(constants.O_WRONLY);
  try {
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}
