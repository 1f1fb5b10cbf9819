import type { BigIntStatsFs } from "node:fs";
import type { StatVfs } from "@fairlead/sftp";
import type { Quota } from "./quota.ts";

/** Longest name on the file systems of Linux; statfs(2) says it, Node does not pass it on. */
const MAX_NAME_BYTES = 255n;

/** What the user may still store: the disk's numbers, narrowed to the quota where there is one. */
export function toStatVfs(disk: BigIntStatsFs, quota: Quota | undefined): StatVfs {
  const space = narrow(
    { total: disk.blocks, free: disk.bfree, available: disk.bavail },
    toBlocks(quota?.limitBytes, disk.bsize),
    toBlocks(quota?.usedBytes, disk.bsize),
  );
  const files = narrow(
    { total: disk.files, free: disk.ffree, available: disk.ffree },
    quota?.limitFiles === undefined ? undefined : BigInt(quota.limitFiles),
    BigInt(quota?.usedFiles ?? 0),
  );
  return {
    blockSizeBytes: disk.bsize,
    fragmentSizeBytes: disk.bsize,
    blocks: space.total,
    freeBlocks: space.free,
    availableBlocks: space.available,
    files: files.total,
    freeFiles: files.free,
    availableFiles: files.available,
    fileSystemId: 0n,
    readOnly: false,
    noSetUid: true,
    maxNameBytes: MAX_NAME_BYTES,
  };
}

interface Room {
  readonly total: bigint;
  readonly free: bigint;
  readonly available: bigint;
}

function narrow(room: Room, limit: bigint | undefined, used: bigint | undefined): Room {
  if (limit === undefined) return room;
  const left = limit > (used ?? 0n) ? limit - (used ?? 0n) : 0n;
  return { total: limit, free: smaller(left, room.free), available: smaller(left, room.available) };
}

function toBlocks(sizeBytes: number | undefined, blockSizeBytes: bigint): bigint | undefined {
  if (sizeBytes === undefined) return undefined;
  return (BigInt(sizeBytes) + blockSizeBytes - 1n) / blockSizeBytes;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
