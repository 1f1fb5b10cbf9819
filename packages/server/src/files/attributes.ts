import type { BigIntStats, Stats } from "node:fs";
import type { FileAttributes } from "@fairlead/sftp";

const MAX_UINT32 = 0xff_ff_ff_ff;

/** What stat(2) says, as SFTP carries it. */
export function toAttributes(stats: Stats | BigIntStats): FileAttributes {
  return {
    sizeBytes: BigInt(stats.size),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mode: Number(stats.mode),
    accessTimeS: toSeconds(stats.atimeMs),
    modifyTimeS: toSeconds(stats.mtimeMs),
  };
}

// SFTP v3 has unsigned 32-bit times: what lies outside is shown as the nearest one.
function toSeconds(timeMs: number | bigint): number {
  return Math.min(Math.max(Math.floor(Number(timeMs) / 1000), 0), MAX_UINT32);
}
