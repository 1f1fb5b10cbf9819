import type { BigIntStats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "../domain/user.ts";
import { errnoOf } from "./file-errors.ts";
import type { QuotaLedger } from "./quota.ts";
import { fileIdentity, QuotaCounter, type QuotaUsage } from "./quota-counter.ts";

/** Names asked from the kernel, and sizes asked for, at a time. */
const BATCH = 256;

/**
 * A ledger that counts a home on disk when its user first comes, and keeps count from then on. Changes made to the
 * home by other programs are seen at the next start of the server.
 */
export function createDiskQuotaLedger(): QuotaLedger {
  const counters = new Map<string, Promise<QuotaCounter>>();
  return {
    open(user: User) {
      const key = JSON.stringify([user.username, user.homeDir]);
      const known = counters.get(key);
      if (known) return known;
      const counter = countDirectory(user.homeDir).then((usage) => new QuotaCounter(usage));
      counters.set(key, counter);
      // A count that failed must be tried again by the next session, not remembered.
      counter.catch(() => counters.delete(key));
      return counter;
    },
  };
}

/** Names of files below a directory and the sizes of those files; symbolic links not followed and not counted. */
async function countDirectory(root: string): Promise<QuotaUsage> {
  let files = 0;
  let sizeBytes = 0;
  let unsized: string[] = [];
  const counted = new Set<string>();
  // Sizes are asked for many at a time: one after the other, a large home would keep its user waiting.
  const size = async () => {
    for (const stats of await Promise.all(unsized.map(statsOf))) {
      if (!stats || (stats.nlink > 1n && counted.has(fileIdentity(stats)))) continue;
      if (stats.nlink > 1n) counted.add(fileIdentity(stats));
      sizeBytes += Number(stats.size);
    }
    unsized = [];
  };
  const pending = [root];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for await (const entry of openIfPresent(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) pending.push(path);
      if (!entry.isFile()) continue;
      files++;
      if (unsized.push(path) === BATCH) await size();
    }
  }
  await size();
  return { files, sizeBytes };
}

async function* openIfPresent(directory: string) {
  try {
    yield* await opendir(directory, { bufferSize: BATCH });
  } catch (error) {
    // Removed while counting; whatever was in it is gone too.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
