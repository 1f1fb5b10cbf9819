import assert from "node:assert/strict";
import { test } from "node:test";
import { isOnLocalDisks, parseMountInfo } from "./mounts.ts";

const MOUNTS = `\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /proc rw,nosuid - proc proc rw
40 22 0:40 / /srv/far rw,relatime shared:9 master:2 - nfs4 server:/export rw,vers=4.2
41 40 254:1 / /srv/far/near rw - xfs /dev/vdb rw
42 22 254:2 / /srv/with\\040space rw - fuse.sshfs user@host: rw
43 22 254:3 / /srv/twice rw - ext4 /dev/vdc rw
44 43 0:50 / /srv/twice rw - cifs //server/share rw
`;

function isLocal(directory: string): boolean {
  return isOnLocalDisks(directory, () => MOUNTS);
}

test("reads mount point and type", () => {
  const [root, proc] = parseMountInfo(MOUNTS);
  assert.deepEqual(
    [root, proc],
    [
      { path: "/", type: "ext4" },
      { path: "/proc", type: "proc" },
    ],
  );
});

test("a home on the root disk is local", () => {
  assert.ok(isLocal("/home/ann"));
});

test("a home on a network disk is not", () => {
  assert.ok(!isLocal("/srv/far"));
  assert.ok(!isLocal("/srv/far/ann"));
});

test("a local disk inside a network disk is local", () => {
  assert.ok(isLocal("/srv/far/near/ann"));
});

test("a home that holds a network disk is not local", () => {
  assert.ok(!isLocal("/srv"));
  assert.ok(!isLocal("/"));
});

test("a name that begins like a mount point is not below it", () => {
  assert.ok(isLocal("/srv/farther"));
});

test("escaped names are read", () => {
  assert.ok(!isLocal("/srv/with space/ann"));
});

test("of two mounts on one path the later counts", () => {
  assert.ok(!isLocal("/srv/twice/ann"));
});

test("nothing known is not local", () => {
  assert.ok(!isOnLocalDisks("/home", () => ""));
  assert.ok(
    !isOnLocalDisks("/home", () => {
      throw new TypeError("no /proc here");
    }),
  );
});
