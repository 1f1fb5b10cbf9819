/** SFTP operations of users with every right, with few, and with none. */
import { chmod, utimes } from "node:fs/promises";
import { goldenGroup } from "../harness/golden-group.ts";
import { BIG_BYTES, type FileTree, type GoldenUser } from "../harness/stage.ts";
import type { SituationDetails } from "../harness/situation.ts";

const users: readonly GoldenUser[] = [
  { username: "full", password: "full-pw" },
  { username: "ro", password: "ro-pw", permissions: { "/": ["list", "download"] } },
  { username: "rname", key: "auth1", permissions: { "/": ["list", "upload", "rename"] } },
];

const MIB = 1_048_576;
const full = (tree: FileTree, more: SituationDetails = {}): SituationDetails => ({ homes: { full: tree }, ...more });
const ro: SituationDetails = {
  homes: { ro: { rd: "dir" } },
  before: async ({ sandbox }) => void (await sandbox.write("homes/ro/r.txt", "r".repeat(40), 0o644)),
};

goldenGroup(
  "files",
  { users },
  {
    "N-upload-new": full({}),
    "N-upload-overwrite": full({ "f1.txt": 100 }),
    "N-upload-overwrite-smaller": full({ "f1.txt": 150 }),
    "N-upload-empty": full({}),
    "N-upload-empty-over": full({ "f1.txt": 100 }),
    "N-upload-resume-reput": full({ "resume.bin": MIB }),
    "N-upload-resume-equal": full({ "resume.bin": BIG_BYTES }),
    "N-upload-put-a": full({}),
    "N-open-rplus": full({ "ap.txt": 70 }),
    "N-open-rplus-nowrite": full({ "ap.txt": 70 }),
    "N-open-rplus-read": full({ "ap.txt": 70 }),
    "N-open-rplus-both": full({ "ap.txt": 70 }),
    "N-open-excl-exists": full({ "ap.txt": 70 }),
    "N-open-excl-new": full({}),
    "N-open-w-plus": full({ "ap.txt": 70 }),
    "N-open-w-missing-dir": full({}),
    "N-upload-aborted": full({}),
    "N-upload-aborted-nowrite": full({}),
    "N-upload-long": full({}),
    "N-download-empty": full({ "e.txt": 0 }),
    "N-download-missing": full({}),
    "N-download-missing-direct": full({}),
    "N-download-range": full({ "big.bin": BIG_BYTES }),
    "N-download-partial": full({ "big.bin": BIG_BYTES }),
    "N-download-noread": full({ "big.bin": BIG_BYTES }),
    "N-download-reget": full({ "big.bin": BIG_BYTES }, { work: { dlre: MIB } }),
    "N-mkdir": full({}),
    "N-mkdir-twice": full({ d1: "dir" }),
    "N-mkdir-missing-parent": full({}),
    "N-rename-over": full({ "exnew.txt": 0, "apnew.txt": 20 }),
    "N-rename-over-l": full({ "apnew.txt": 0, "e.txt": 0 }),
    "N-rename-dir": full({ "d1/moved.bin": 20 }),
    "N-rename-missing": full({}),
    "N-rename-same": full({ "d2/moved.bin": 20 }),
    "N-rename-dir-over": full({ "d2/moved.bin": 20 }),
    "N-rmdir-nonempty": full({ "d2/moved.bin": 20 }),
    "N-delete": full({ "d2/moved.bin": 20 }),
    "N-rmdir": full({ d2: "dir" }),
    "N-delete-missing": full({}),
    "N-rmdir-file": full({ "e.txt": 0 }),
    "N-symlink": full({ "e.txt": 0 }),
    "N-hardlink": full({ "e.txt": 0 }),
    "N-chmod": full({ "e.txt": 0 }),
    "N-chown": full({ "e.txt": 0 }),
    "N-utimes": full({ "e.txt": 0 }),
    "N-truncate": full({ "ap.txt": 30 }),
    "N-ftruncate": full({ "ap.txt": 5 }),
    "N-stat-missing": full({}),
    "N-list": full(
      {
        "abort.bin": 100_000,
        "abort0.bin": 0,
        "ap.txt": 3,
        "big.bin": BIG_BYTES,
        d5: "dir",
        "e.txt": 0,
        "f1.txt": 0,
        "resume.bin": BIG_BYTES,
        "sparse.bin": 1010,
      },
      {
        before: async ({ sandbox }) => {
          const file = sandbox.path("homes", "full", "e.txt");
          await chmod(file, 0o600);
          await utimes(file, 1_000_000_000, 1_000_000_000);
        },
      },
    ),
    "N-statvfs": full({}, { ignore: ["out"] }),
    "N-copy-data": full({ "big.bin": BIG_BYTES }),
    "N-denied-upload": ro,
    "N-denied-overwrite": ro,
    "N-denied-delete": ro,
    "N-denied-mkdir": ro,
    "N-denied-rmdir": ro,
    "N-denied-rename": ro,
    "N-ro-download": ro,
    "N-denied-overwrite-perm": { homes: { rname: {} } },
  },
);
