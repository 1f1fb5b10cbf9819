import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openTestFileSystem, upload } from "./test-file-system.ts";

const skip = process.getuid?.() === 0 ? false : "only root may give files away";

test("what a user makes belongs to the ids of the user document", { skip }, async () => {
  for (const uploadMode of [0, 1] as const) {
    await using under = await openTestFileSystem({ uploadMode, user: { uid: 4321, gid: 1234 } });
    await upload(under.fs, "/a", 1);
    await under.fs.makeDirectory("/d", {});
    for (const path of [under.home, join(under.home, "a"), join(under.home, "d")]) {
      const { uid, gid } = await stat(path);
      assert.deepEqual({ path, uid, gid }, { path, uid: 4321, gid: 1234 });
    }
  }
});

test("an id of 0 is not set", { skip }, async () => {
  await using under = await openTestFileSystem({ user: { uid: 0, gid: 1234 } });
  await upload(under.fs, "/a", 1);
  const { uid, gid } = await stat(join(under.home, "a"));
  assert.deepEqual({ uid, gid }, { uid: 0, gid: 1234 });
});

test("an existing home stays whose it was", { skip }, async () => {
  await using first = await openTestFileSystem();
  await using second = await openTestFileSystem({ home: first.home, user: { uid: 4321 } });
  assert.equal((await stat(second.home)).uid, 0);
});
