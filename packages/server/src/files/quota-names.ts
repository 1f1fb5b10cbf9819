import { constants } from "node:fs";
import { Descriptor } from "./descriptor.ts";
import { errnoOf, limitExceeded } from "./file-errors.ts";
import type { HeldFile } from "./held-file.ts";
import type { Quota } from "./quota.ts";

/** open(2)'s O_PATH, which needs no permission to read; elsewhere what cannot be read is not counted either. */
const JUST_NAMED = process.platform === "linux" ? 0o10000000 : constants.O_RDONLY;
const NO_FILE: readonly (string | undefined)[] = ["ENOENT", "ELOOP", "EACCES", "ENXIO"];

/**
 * Runs `work`, which may take the name `path` from a file: by removing it, or by another file that gets the name.
 * Is told the file. Counts what that leaves; a file with other names, or open by somebody, still has its bytes.
 */
export function takingName(
  quota: Quota | undefined,
  path: string,
  work: (taken?: HeldFile) => Promise<void>,
): Promise<void> {
  if (!quota) return work();
  return quota.inTurn(async () => {
    const held = await holdNamed(quota, path);
    try {
      await work(held);
    } finally {
      if (held) quota.addFiles(Number((await held.release()).nlink - held.names));
    }
  });
}

/** Runs `work`, which makes a name that is counted already. */
export async function makingName<T>(quota: Quota | undefined, work: () => Promise<T>): Promise<T> {
  if (!quota) return work();
  try {
    return await quota.inTurn(work);
  } catch (error) {
    quota.addFiles(-1);
    throw error;
  }
}

/** Gives the file at `path` one more name by `work`: that counts as a file, and has no bytes of its own. */
export async function givingName(quota: Quota | undefined, path: string, work: () => Promise<void>): Promise<void> {
  if (quota?.tryAddFile() === false) throw limitExceeded();
  await makingName(quota, async () => {
    await requirePaid(quota, path);
    await work();
  });
}

/** An upload under its hidden name that has borrowed the room of another file gets none that lasts before it pays. */
export async function requirePaid(quota: Quota | undefined, path: string): Promise<void> {
  const held = quota && (await holdNamed(quota, path));
  try {
    if (held?.tryPay() === false) throw limitExceeded();
  } finally {
    await held?.release();
  }
}

/** The regular file that has a name now, if one has. */
export async function holdNamed(quota: Quota, path: string): Promise<HeldFile | undefined> {
  const file = await Descriptor.open(path, JUST_NAMED).catch((error: unknown) => {
    if (NO_FILE.includes(errnoOf(error))) return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    if ((await file.stat()).isFile()) return await quota.hold(file, { closes: true });
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}
