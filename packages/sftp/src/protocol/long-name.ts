import type { FileAttributes } from "../file-system.ts";

const TYPE_LETTERS: Readonly<Record<number, string>> = {
  0o14: "s",
  0o12: "l",
  0o10: "-",
  0o06: "b",
  0o04: "d",
  0o02: "c",
  0o01: "p",
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Times further back than this are shown with the year instead of the hour, as `ls` does. */
const RECENT_S = (365 * 24 * 60 * 60) / 2;

/**
 * A file's line in the form of `ls -l`, which clients print as it is and a few parse (draft §7). Numeric owners; local
 * time; "1" for the link count, which version 3 attributes do not have.
 */
export function formatLongName(name: string, attributes: FileAttributes, nowMs: number): string {
  const { mode = 0, uid = 0, gid = 0, sizeBytes = 0n, modifyTimeS = 0 } = attributes;
  const owner = String(uid).padEnd(8);
  const group = String(gid).padEnd(8);
  const size = String(sizeBytes).padStart(8);
  return `${formatMode(mode)}   1 ${owner} ${group} ${size} ${formatTime(modifyTimeS, nowMs)} ${name}`;
}

/** "drwxr-xr-x" of st_mode, with s, S, t and T for the special bits. */
export function formatMode(mode: number): string {
  const type = TYPE_LETTERS[(mode >> 12) & 0o17] ?? "?";
  const user = formatTriple(mode >> 6, (mode & 0o4000) !== 0, "s");
  const group = formatTriple(mode >> 3, (mode & 0o2000) !== 0, "s");
  const other = formatTriple(mode, (mode & 0o1000) !== 0, "t");
  return type + user + group + other;
}

function formatTriple(bits: number, special: boolean, letter: string): string {
  const execute = (bits & 1) !== 0;
  const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? "x" : "-";
  return (bits & 4 ? "r" : "-") + (bits & 2 ? "w" : "-") + last;
}

function formatTime(timeS: number, nowMs: number): string {
  const time = new Date(timeS * 1000);
  const ageS = nowMs / 1000 - timeS;
  const day = `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2)}`;
  if (ageS < 0 || ageS > RECENT_S) return `${day}  ${time.getFullYear()}`;
  const minutes = String(time.getMinutes()).padStart(2, "0");
  return `${day} ${String(time.getHours()).padStart(2, "0")}:${minutes}`;
}
