import { realpathSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { FairleadError } from "../domain/fairlead-error.ts";
import { accessProblem, createPrivateFile } from "./private-file.ts";

/** SQLITE_BUSY: another connection holds the lock. */
const BUSY = 5;

/**
 * Makes this the only server on a database until it is disposed of: what is counted in memory (sessions, quotas) is
 * counted once. `user` commands do not need the lock. It dies with the process, however that ends.
 *
 * Throws `ERR_ALREADY_RUNNING` naming the other process, and `ERR_STORE`.
 */
export function lockForServer(databaseFile: string): Disposable {
  // A database of its own: an open write transaction keeps other writers out, and the kernel ends it with the process.
  const file = `${realpathSync(databaseFile)}.lock`;
  let lock: DatabaseSync | undefined;
  try {
    createPrivateFile(file);
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec("BEGIN IMMEDIATE");
    lock.exec(`PRAGMA user_version = ${process.pid}`);
    // Readers of the number must not wait. Whoever gets in here has the lock, and this fails.
    lock.exec("COMMIT; BEGIN IMMEDIATE");
    return closing(lock);
  } catch (cause) {
    const holder = isBusy(cause) ? readHolder(lock) : undefined;
    lock?.close();
    throw isBusy(cause) ? alreadyRunning(databaseFile, holder) : unusable(file, cause);
  }
}

function closing(lock: DatabaseSync): Disposable {
  return {
    [Symbol.dispose]() {
      if (lock.isOpen) {
        lock.close();
      }
    },
  };
}

function readHolder(lock: DatabaseSync | undefined): number | undefined {
  try {
    const pid = Number(lock?.prepare("PRAGMA user_version").get()?.["user_version"]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined; // it is just being written
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === BUSY;
}

function alreadyRunning(file: string, pid: number | undefined): FairleadError {
  const who = pid === undefined ? "another server" : `another server (process ${pid})`;
  return new FairleadError(
    "ERR_ALREADY_RUNNING",
    `${who} runs on the database ${file}; stop it, or give this one a fairlead.data_dir of its own`,
    { details: { file, pid } },
  );
}

function unusable(file: string, cause: unknown): FairleadError {
  const reason = accessProblem(file) ?? (cause instanceof Error ? cause.message : String(cause));
  return new FairleadError("ERR_STORE", `could not lock ${file}: ${reason}`, { cause, details: { file } });
}
