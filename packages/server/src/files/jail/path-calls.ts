import { lstat, lstatSync, open, openSync, readlink, readlinkSync, type Stats } from "node:fs";
import { errnoOf } from "../file-errors.ts";

/** The system calls a walk is made of. */
export interface PathCalls {
  open(path: string, flags: number): number | Promise<number>;
  /** Undefined when there is no such entry. */
  lstat(path: string): Stats | undefined | Promise<Stats | undefined>;
  /** Undefined when the entry is not a link. */
  readLink(path: string): string | undefined | Promise<string | undefined>;
}

/**
 * Calls on the event loop's own thread. On a local disk a step of a walk takes 4–5 µs this way and 45 µs through the
 * thread pool (measured, ext4, warm cache), so a walk here costs less than the hop it saves.
 */
export const directCalls: PathCalls = {
  open: (path, flags) => openSync(path, flags),
  lstat: (path) => lstatSync(path, { throwIfNoEntry: false }),
  readLink: (path) => {
    try {
      return readlinkSync(path);
    } catch (error) {
      return undefinedIfNoLink(error);
    }
  },
};

/** Calls in the thread pool, for disks that may take their time. */
export const pooledCalls: PathCalls = {
  open: (path, flags) =>
    new Promise((resolve, reject) => {
      open(path, flags, (error, fd) => (error ? reject(error) : resolve(fd)));
    }),
  lstat: (path) =>
    new Promise((resolve, reject) => {
      lstat(path, (error, stats) => {
        if (!error) resolve(stats);
        else if (error.code === "ENOENT") resolve(undefined);
        else reject(error);
      });
    }),
  readLink: (path) =>
    new Promise((resolve, reject) => {
      readlink(path, (error, target) => {
        if (!error) resolve(target);
        else if (error.code === "EINVAL") resolve(undefined);
        else reject(error);
      });
    }),
};

function undefinedIfNoLink(error: unknown): undefined {
  if (errnoOf(error) !== "EINVAL") throw error;
  return undefined;
}
