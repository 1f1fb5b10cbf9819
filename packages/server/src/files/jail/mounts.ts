import { readFileSync } from "node:fs";

// Disks whose directories answer from this machine's memory or its own hardware.
const LOCAL_TYPES: ReadonlySet<string> = new Set([
  "bcachefs",
  "btrfs",
  "exfat",
  "ext2",
  "ext3",
  "ext4",
  "f2fs",
  "jfs",
  "ntfs3",
  "overlay",
  "ramfs",
  "tmpfs",
  "vfat",
  "xfs",
  "zfs",
]);

interface Mount {
  readonly path: string;
  readonly type: string;
}

/**
 * Whether everything at and below `directory` lies on local disks, by the kernel's list of mounts. False when in
 * doubt. A mount that comes later is not seen; whoever relies on this must also watch the time calls take.
 */
export function isOnLocalDisks(directory: string, readMounts: () => string = readMountInfo): boolean {
  let mounts: readonly Mount[];
  try {
    mounts = parseMountInfo(readMounts());
  } catch {
    // No /proc, or not readable: nothing is known, and "not local" only costs time.
    return false;
  }
  const holding = mounts.filter(({ path }) => isAtOrBelow(directory, path));
  // Of several mounts on one path the last one listed is on top.
  const nearest = holding.reduce<Mount | undefined>(
    (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
    undefined,
  );
  const below = mounts.filter(({ path }) => isAtOrBelow(path, directory) && path !== directory);
  return nearest !== undefined && [nearest, ...below].every(({ type }) => LOCAL_TYPES.has(type));
}

/** Lines of /proc/self/mountinfo (proc(5)): … root, mount point, options, optional fields, "-", type … */
export function parseMountInfo(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    const path = left?.split(" ")[4];
    const type = right?.split(" ")[0];
    return path === undefined || type === undefined ? [] : [{ path: unescapeOctal(path), type }];
  });
}

function readMountInfo(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
