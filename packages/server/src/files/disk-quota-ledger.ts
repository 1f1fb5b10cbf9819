import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "../domain/user.ts";
import { errnoOf } from "./file-errors.ts";
import type { QuotaCounter, QuotaLedger, QuotaUsage } from "./quota.ts";

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
      const counter = countDirectory(user.homeDir).then(createCounter);
      counters.set(key, counter);
      // A count that failed must be tried again by the next session, not remembered.
      counter.catch(() => counters.delete(key));
      return counter;
    },
  };
}

function createCounter(start: QuotaUsage): QuotaCounter {
  let usage = start;
  return {
    get usage() {
      return usage;
    },
    add(change) {
      usage = {
        files: Math.max(0, usage.files + change.files),
        sizeBytes: Math.max(0, usage.sizeBytes + change.sizeBytes),
      };
    },
  };
}

/** Files and their sizes below a directory, links not followed and not counted. */
async function countDirectory(root: string): Promise<QuotaUsage> {
  let files = 0;
  let sizeBytes = 0;
  let unsized: string[] = [];
  // Sizes are asked for many at a time: one after the other, a large home would keep its user waiting.
  const size = async () => {
    const sizes = await Promise.all(unsized.map(sizeOf));
    sizeBytes += sizes.reduce((sum, one) => sum + one, 0);
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

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw error;
  }
}
