/** Upload modes, symbolic links, and a notifier that is told of little. */
import { readdir, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { goldenGroup } from "../harness/golden-group.ts";
import type { GoldenUser, Stage } from "../harness/stage.ts";

const users: readonly GoldenUser[] = [{ username: "full", password: "full-pw" }];
const MIB = 1_048_576;

goldenGroup(
  "upload_mode 1",
  { users, sections: { common: { upload_mode: 1, symlink_mode: 1 } } },
  {
    "N2-atomic-upload-over": { homes: { full: { "f1.txt": 100 } } },
    "N2-atomic-upload-abort": { homes: { full: { "f1.txt": 150 } } },
    "N2-atomic-resume": { homes: { full: { "resume.bin": MIB } } },
    "N2-symlink-mode1": {},
    "N2-symlink-mode1-rel": {},
    "N2-readlink-get": {},
  },
);

for (const mode of [1, 3]) {
  goldenGroup(
    `symlink_mode ${mode}`,
    { users, sections: { common: { symlink_mode: mode } } },
    {
      [`N-symlink-mode${mode}`]: { homes: { full: {} } },
    },
  );
}

const LEFT: readonly Readonly<Record<string, number>>[] = [{ "t.txt": 1000 }, {}, { "t.txt": 1000 }];

for (const [mode, left] of LEFT.entries()) {
  goldenGroup(
    `an aborted overwrite in upload_mode ${mode}`,
    { users, sections: { common: { upload_mode: mode } } },
    {
      [`N-abort-over-mode${mode}`]: {
        homes: { full: {} },
        observe: async (stage) => {
          const ours = await sizesIn(stage, "full");
          return isDeepStrictEqual(ours, left) ? [] : [{ at: "files left", ours, theirs: left }];
        },
      },
    },
  );
}

async function sizesIn(stage: Stage, user: string): Promise<Record<string, number>> {
  const home = stage.sandbox.path("homes", user);
  const names = await readdir(home);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await stat(`${home}/${name}`)).size] as const)),
  );
}

goldenGroup(
  "a notifier that is told of uploads, added folders and bad logins",
  {
    users,
    notifier: {
      notifier_options: {
        fs_events: ["upload", "made-up", "nope"],
        provider_events: ["add"],
        provider_objects: ["folder"],
        log_events: [1],
      },
    },
  },
  { "N-filter": { homes: { full: {} }, withoutRest: true } },
);
