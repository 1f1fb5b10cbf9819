import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUser } from "../domain/user.ts";
import { nameAccounts } from "./account-names.ts";

const [ownUid, ownGid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

test("the ids of the user's own files carry the user's name", () => {
  const user = parseUser({ username: "alice", home_dir: "/srv/alice" });
  assert.deepEqual(nameAccounts(user, [ownUid], [ownGid]), { users: ["alice"], groups: ["alice"] });
});

test("accounts of the host are not named", () => {
  const user = parseUser({ username: "alice", home_dir: "/srv/alice" });
  const names = nameAccounts(user, [ownUid + 1, 4_294_967_295], [ownGid + 1]);
  assert.deepEqual(names, { users: ["", ""], groups: [""] });
});

test(
  "a server that may give files away names the ids of the user document",
  { skip: ownUid !== 0 && "not root" },
  () => {
    const user = parseUser({ username: "alice", home_dir: "/srv/alice", uid: 1234, gid: 2345 });
    assert.deepEqual(nameAccounts(user, [1234, 0], [2345, 0]), { users: ["alice", ""], groups: ["alice", ""] });
  },
);
