import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes the file, readable by the owner alone, and its folder, unless they exist. SQLite gives its own new files mode
 * 0644, and the files beside a database the mode of the database.
 */
export function createPrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      throw cause;
    }
  }
}

/** Others than the owner may read the file. */
export function isExposed(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
}

/** What this process may not do with a file it must read and write, in words; `undefined` when it may. */
export function accessProblem(file: string): string | undefined {
  const uid = process.getuid?.() ?? "unknown";
  if (isExisting(file) && !isAllowed(file, constants.R_OK | constants.W_OK)) {
    return `this process (uid ${uid}) may not read and write the file`;
  }
  let folder = dirname(file);
  while (!isExisting(folder) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  if (!isAllowed(folder, constants.W_OK | constants.X_OK)) {
    return `this process (uid ${uid}) may not write in the folder ${folder}`;
  }
  return undefined;
}

function isExisting(file: string): boolean {
  return isAllowed(file, constants.F_OK);
}

function isAllowed(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
