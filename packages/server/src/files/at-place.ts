import { toSftpError } from "./file-errors.ts";
import type { Jail, Place } from "./jail/jail.ts";

/** Does something where a path leads: finds the place, lets go of it afterwards, and turns failures into SFTP's. */
export async function atPlace<T>(
  jail: Jail,
  path: string,
  options: { readonly followLast: boolean },
  work: (place: Place) => T | Promise<T>,
): Promise<T> {
  try {
    const place = await jail.locate(path, options);
    try {
      return await work(place);
    } finally {
      place.release();
    }
  } catch (error) {
    throw toSftpError(error);
  }
}
