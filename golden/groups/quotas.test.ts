/** Users who may keep only so many files, so many bytes, or files no larger than that. State carries over in each group. */
import { goldenGroup } from "../harness/golden-group.ts";

const byQuota = { user: "quota" };

goldenGroup(
  "quota: three files, 1,000 bytes",
  { users: [{ username: "quota", password: "quota-pw", quota_files: 3, quota_size: 1000 }] },
  {
    "N-quota-ok": {},
    "N-quota-size-during": {},
    "N-quota-overwrite-at-limit": {
      before: async (stage) => {
        const login = { user: "quota", keyFile: stage.sandbox.path("keys", "quota") };
        const small = stage.sandbox.path("work", "small");
        await stage.openSsh.sftp(stage, login, [`put ${small} q2`, `put ${small} q3`]);
        await stage.heard("upload", "/q3");
      },
    },
  },
);

goldenGroup(
  "quota: ten files, 2,000 bytes",
  {
    users: [
      { username: "quota", password: "quota-pw", quota_files: 10, quota_size: 2000 },
      { username: "mfs", key: "auth1", filters: { max_upload_file_size: 120 } },
    ],
  },
  {
    "Q-upload": byQuota,
    "Q-rplus": byQuota,
    "Q-sparse": byQuota,
    "Q-append": byQuota,
    "Q-over-size": byQuota,
    "Q-scp-over": byQuota,
    "Q-over-size-existing": byQuota,
    "Q-max-upload-ok": {},
  },
);
