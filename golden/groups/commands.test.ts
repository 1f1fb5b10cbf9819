/** Commands over SSH, and scp in both of its protocols. */
import { goldenGroup } from "../harness/golden-group.ts";
import { BIG_BYTES, type FileTree } from "../harness/stage.ts";
import type { SituationDetails } from "../harness/situation.ts";

const full = (tree: FileTree, more: SituationDetails = {}): SituationDetails => ({ homes: { full: tree }, ...more });
const ro: SituationDetails = {
  homes: { ro: {} },
  before: async ({ sandbox }) => void (await sandbox.write("homes/ro/r.txt", "r".repeat(40), 0o644)),
};

goldenGroup(
  "commands",
  {
    users: [
      { username: "full", password: "full-pw" },
      { username: "ro", password: "ro-pw", permissions: { "/": ["list", "download"] } },
    ],
  },
  {
    "N-ro-md5": ro,
    "N-ssh-md5sum_big_bin": full({ "big.bin": BIG_BYTES }),
    "N-ssh-sha1sum_big_bin": full({ "big.bin": BIG_BYTES }),
    "N-ssh-md5sum": full({}),
    "N-ssh-md5sum-stdin": full({}),
    "N-ssh-nosuchcmd_x": full({}),
    "N-ssh-git_upload_pack_x": full({}),
    "N-ssh-rsync_server_": full({}),
    "N-denied-scp-up": ro,
    "N-scp-O-up": full({}),
    "N-scp-O-up-dir": full({}),
    // In the order of the file system's own listing.
    "N-scp-O-down-dir": full({ "td/1": 1, "td/in/2": 2 }, { anyOrder: true }),
    "N-scp-sftp-up": full({}),
    "N-scp-sftp-down": full({ "s2.txt": 100 }),
  },
);
