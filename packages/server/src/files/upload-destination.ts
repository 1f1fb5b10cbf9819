import { randomBytes } from "node:crypto";
import { link, lstat, rename, unlink } from "node:fs/promises";
import type { Descriptor } from "./descriptor.ts";
import { errnoOf, limitExceeded } from "./file-errors.ts";
import type { HeldFile } from "./held-file.ts";
import type { Jail, Place } from "./jail/jail.ts";
import type { Quota } from "./quota.ts";
import { takingName } from "./quota-names.ts";

/** Why an upload ended badly. `limit`: it grew over what the user may store. */
export type UploadFailure = "aborted" | "failed" | "limit";

/** Where the bytes of an upload go, and what becomes of them at its end. */
export interface UploadDestination {
  /** Gives a good upload its name. */
  commit(): Promise<void>;
  /** What is left of a bad one. `removed`: nothing, `kept`: the bytes, under the file's name. */
  abandon(failure: UploadFailure): Promise<"kept" | "removed">;
  /** Once, last. */
  release(): void;
}

export interface InPlaceOptions {
  readonly jail: Jail;
  readonly quota: Quota | undefined;
  readonly path: string;
  readonly file: Descriptor;
  /** For an upload that goes on in an existing file: what the file had. An upload over a limit leaves that. */
  readonly keepBytes?: number;
}

/**
 * Bytes go straight into the file: upload mode 0, and every upload that goes on in an existing file. One over a limit
 * is removed, as observed, unless it went on in a file: what was there before is not this upload's to lose.
 */
export function createInPlaceDestination(options: InPlaceOptions): UploadDestination {
  const { file, keepBytes } = options;
  return {
    async commit() {},
    async abandon(failure) {
      if (failure !== "limit") return "kept";
      if (keepBytes === undefined) return (await removeSameFile(options)) ? "removed" : "kept";
      // Never longer than others may have made it meanwhile: those bytes would come from nowhere.
      if ((await file.stat()).size > keepBytes) await file.truncate(keepBytes);
      return "kept";
    },
    release() {},
  };
}

export interface TemporaryOptions {
  readonly quota: Quota | undefined;
  readonly place: Place;
  /** The name beside the file's own, as {@link temporaryName} makes it. */
  readonly temporaryPath: string;
  /** Whether a file that has the name by now may be replaced. */
  readonly mayReplace: boolean;
  /** Whether there is room for the upload when it takes the name from that file. */
  readonly fitsInPlaceOf: (taken: HeldFile | undefined) => boolean;
  /** Whether an interrupted upload gets its name all the same (upload mode 2). */
  readonly keepsPartial: boolean;
}

/** Bytes go into a hidden file in the same directory. Holds the place, so both names stay in that directory. */
export function createTemporaryDestination(options: TemporaryOptions): UploadDestination {
  const { quota, place, temporaryPath, mayReplace, keepsPartial, fitsInPlaceOf } = options;
  const commit = () =>
    takingName(quota, place.path, async (taken) => {
      if (!fitsInPlaceOf(taken)) throw limitExceeded();
      await (mayReplace ? rename(temporaryPath, place.path) : moveWithoutReplacing(temporaryPath, place.path));
    });
  return {
    commit,
    async abandon(failure) {
      if (keepsPartial && failure !== "limit" && (await succeeds(commit))) return "kept";
      await takingName(quota, temporaryPath, () => unlink(temporaryPath));
      return "removed";
    },
    release() {
      place.release();
    },
  };
}

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    // The upload has failed already, and its first error is the one to tell; the bytes just cannot be kept.
    return false;
  }
}

export function temporaryName(): string {
  return `.fairlead-upload.${randomBytes(12).toString("hex")}`;
}

/**
 * Moves a file to a name that must be free. rename(2) would replace what came there since somebody looked; link(2)
 * refuses. Where there are no hard links the rename has to do.
 */
export async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EPERM" && errno !== "EOPNOTSUPP" && errno !== "ENOTSUP" && errno !== "EMLINK") throw error;
    return rename(from, to);
  }
  return unlink(from);
}

/** False when the name means another file by now: that one is not ours to remove. */
async function removeSameFile({ jail, quota, path, file }: InPlaceOptions): Promise<boolean> {
  const place = await jail.locate(path, { followLast: true });
  let isSame = false;
  try {
    await takingName(quota, place.path, async () => {
      const [opened, named] = await Promise.all([file.stat(), lstat(place.path, { bigint: true })]);
      isSame = opened.ino === named.ino && opened.dev === named.dev;
      if (isSame) await unlink(place.path);
    });
    return isSame;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return true;
  } finally {
    place.release();
  }
}
