import { constants } from "node:fs";
import { SftpError } from "@fairlead/sftp";
import { Descriptor } from "./descriptor.ts";
import { OPEN_SAFELY } from "./download.ts";
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
  const file = await Descriptor.open(place.path, constants.O_WRONLY | OPEN_SAFELY);
  try {
    place.confirm(file.fd);
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}
