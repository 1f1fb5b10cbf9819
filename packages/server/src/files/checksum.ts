import { createHash } from "node:crypto";
import { constants } from "node:fs";

import { SftpError } from "@fairlead/sftp";

import { atPlace } from "./at-place.ts";
import type { Descriptor } from "./descriptor.ts";
import { holdReadFile } from "./download.ts";
import { noSuchFile } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";

/** What `md5sum` and its kin compute. */
export type ChecksumAlgorithm = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

/** One read; the event loop hashes that much without a break, in a millisecond or less. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The digest of a file's bytes in hex. Whoever may list the directory may have it, as in SFTPGo, and no event says that
 * the file was read; gates see a download, as the digest of a short secret is as good as the secret. Ends early when `signal` is aborted.
 */
export async function checksumFile(
  context: FilesContext,
  path: string,
  algorithm: ChecksumAlgorithm,
  signal: AbortSignal,
): Promise<string> {
  const { access, gate, jail, quota } = context;
  access.require(path, "use", "list");
  return atPlace(jail, path, { followLast: true }, async (place) => {
    access.requireAt(place, "use", "list");
    if (!place.stats) throw noSuchFile();
    if (!place.stats.isFile()) throw new SftpError("FAILURE", "not a regular file");
    const { virtualPath, stats } = place;
    const asked = gate.ask({ operation: "download", virtualPath, fileSizeBytes: stats.size });
    if (asked) await asked;
    const file = await place.open(constants.O_RDONLY);
    const held = quota && (await holdReadFile(quota, file));
    try {
      return await digest(file, algorithm, signal);
    } finally {
      await held?.release();
      await file.close();
    }
  });
}

async function digest(file: Descriptor, algorithm: ChecksumAlgorithm, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = 0; !signal.aborted;) {
    const count = await file.read(buffer, position, 0);
    if (count === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, count));
    position += count;
  }
  throw new SftpError("FAILURE", "the session has ended");
}
