import assert from "node:assert/strict";
import { chmod, link, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import type { Permission } from "../../src/domain/permissions.ts";
import {
  CREATE,
  download,
  openTestFileSystem,
  READ,
  summarise,
  type TestFileSystem,
  UPDATE,
  upload,
} from "./test-file-system.ts";

type Act = (under: TestFileSystem) => Promise<unknown>;

/** One operation, and every smallest set of permissions that is enough for it. */
const OPERATIONS: readonly { readonly name: string; readonly act: Act; readonly enough: readonly Permission[][] }[] = [
  { name: "download", act: ({ fs }) => download(fs, "/file"), enough: [["download"]] },
  { name: "upload of a new file", act: ({ fs }) => upload(fs, "/new", 1), enough: [["upload"]] },
  { name: "upload over a file", act: ({ fs }) => upload(fs, "/file", 1), enough: [["overwrite"]] },
  { name: "list", act: async ({ fs }) => (await fs.openDirectory("/")).close(), enough: [["list"]] },
  { name: "stat", act: ({ fs }) => fs.stat("/file"), enough: [["list"]] },
  { name: "lstat", act: ({ fs }) => fs.lstat("/file"), enough: [["list"]] },
  { name: "readlink", act: ({ fs }) => fs.readLink("/link"), enough: [["list"]] },
  { name: "statvfs", act: ({ fs }) => fs.statVfs("/"), enough: [["list"]] },
  { name: "remove", act: ({ fs }) => fs.remove("/file"), enough: [["delete"], ["delete_files"]] },
  { name: "rmdir", act: ({ fs }) => fs.removeDirectory("/dir"), enough: [["delete"], ["delete_dirs"]] },
  { name: "mkdir", act: ({ fs }) => fs.makeDirectory("/new", {}), enough: [["create_dirs"]] },
  {
    name: "rename of a file",
    act: ({ fs }) => fs.rename("/file", "/new", { overwrite: false }),
    enough: [["rename"], ["rename_files"]],
  },
  {
    name: "rename over a file",
    act: ({ fs }) => fs.rename("/file", "/other", { overwrite: true }),
    enough: [
      ["rename", "overwrite"],
      ["rename_files", "overwrite"],
    ],
  },
  {
    name: "rename of a directory",
    act: ({ fs }) => fs.rename("/dir", "/new", { overwrite: false }),
    enough: [["rename"], ["rename_dirs"]],
  },
  { name: "symlink", act: ({ fs }) => fs.symlink("file", "/new"), enough: [["create_symlinks"]] },
  {
    name: "hard link",
    act: ({ fs }) => fs.hardLink("/file", "/new"),
    enough: [["download", "overwrite", "upload", "create_symlinks"]],
  },
  { name: "chmod", act: ({ fs }) => fs.setStat("/file", { mode: 0o600 }), enough: [["chmod"]] },
  {
    name: "chown",
    act: ({ fs }) => fs.setStat("/file", { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }),
    enough: [["chown"]],
  },
  {
    name: "chtimes",
    act: ({ fs }) => fs.setStat("/file", { accessTimeS: 1, modifyTimeS: 1 }),
    enough: [["chtimes"]],
  },
  { name: "truncate", act: ({ fs }) => fs.setStat("/file", { sizeBytes: 1n }), enough: [["overwrite"]] },
  {
    name: "chmod and chtimes at once",
    act: ({ fs }) => fs.setStat("/file", { mode: 0o600, accessTimeS: 1, modifyTimeS: 1 }),
    enough: [["chmod", "chtimes"]],
  },
  {
    name: "copy between handles",
    act: async ({ fs }) => {
      const [source, target] = [await fs.open("/file", READ, {}), await fs.open("/new", CREATE, {})];
      try {
        await source.copyTo?.(target, { position: 0, lengthBytes: 0, targetPosition: 0 });
      } finally {
        await source.close();
        await target.close();
      }
    },
    enough: [["download", "upload", "copy"]],
  },
];

const EVERY: readonly Permission[] = [
  "list",
  "download",
  "upload",
  "overwrite",
  "delete",
  "delete_files",
  "delete_dirs",
  "rename",
  "rename_files",
  "rename_dirs",
  "create_dirs",
  "create_symlinks",
  "chmod",
  "chown",
  "chtimes",
  "copy",
];

for (const { name, act, enough } of OPERATIONS) {
  for (const set of enough) {
    test(`${name} is allowed with ${set.join(" and ")}`, async () => {
      await using under = await openWith(set);
      await act(under);
    });

    for (const missing of set) {
      // Whatever else is granted: without this one (and the alternatives to it) the operation is refused.
      const alternatives = new Set(enough.map((other) => other.find((one) => !set.includes(one)) ?? missing));
      const others = EVERY.filter((one) => one !== missing && !alternatives.has(one));
      test(`${name} is refused without ${missing}`, async () => {
        await using under = await openWith(others);
        const before = await readdir(under.home);
        await assert.rejects(act(under), (error) => SftpError.is(error, "PERMISSION_DENIED"));
        if (name !== "copy between handles") assert.deepEqual(await readdir(under.home), before);
      });
    }
  }
}

test("a refused operation sends no event", async () => {
  await using under = await openWith([]);
  for (const { act } of OPERATIONS) await assert.rejects(act(under));
  assert.deepEqual(under.events, []);
});

test("permissions go by the directory of each side", async () => {
  await using under = await openTestFileSystem({
    user: { permissions: { "/": ["*"], "/in": ["upload", "list"], "/out": ["list", "download"] } },
  });
  await mkdir(join(under.home, "in"));
  await mkdir(join(under.home, "out"));
  await writeFile(join(under.home, "out/a"), "x");
  await upload(under.fs, "/in/a", 1);
  await refuses(download(under.fs, "/in/a"));
  await refuses(upload(under.fs, "/in/a", 1));
  assert.equal(await download(under.fs, "/out/a"), "x");
  await refuses(under.fs.rename("/out/a", "/b", { overwrite: false }));
  await refuses(under.fs.rename("/in/a", "/b", { overwrite: false }));
  await refuses(under.fs.hardLink("/out/a", "/b"));
});

test("a directory with rules inside stays where it is", async () => {
  await using under = await openTestFileSystem({ user: { permissions: { "/": ["*"], "/a/secret": [] } } });
  await mkdir(join(under.home, "a/secret"), { recursive: true });
  await refuses(under.fs.rename("/a", "/b", { overwrite: false }));
  await mkdir(join(under.home, "c"));
  await rm(join(under.home, "a"), { recursive: true });
  await refuses(under.fs.rename("/c", "/a", { overwrite: false }));
});

/** Ways to carry the directory of a rule, or a directory to the path of a rule. */
const RULED_MOVES: readonly (readonly [from: string, to: string])[] = [
  ["/no", "/x"],
  ["/ro", "/x"],
  ["/a/x/priv", "/a/x/pub"],
  ["/a/x", "/free/x"],
  ["/a", "/a2"],
  ["/here/no", "/x"],
  ["/no", "/here/x"],
  ["/here/a/x/priv", "/here/x"],
  ["/free", "/absent"],
  ["/free", "/a/y"],
  ["/free", "/here/absent"],
];

for (const [from, to] of RULED_MOVES) {
  test(`a directory does not go from ${from} to ${to} past the rules`, async () => {
    await using under = await openRuled();
    for (const overwrite of [false, true]) await refuses(under.fs.rename(from, to, { overwrite }));
    assert.deepEqual(summarise(under.events), []);
  });
}

test("a directory below a rule moves by the permissions of its parent", async () => {
  await using under = await openRuled();
  await under.fs.rename("/free", "/here/moved", { overwrite: false });
  assert.equal(await download(under.fs, "/moved/s"), "x");
  await under.fs.rename("/a/x/priv", "/a/y/priv", { overwrite: false });
  await refuses(download(under.fs, "/a/y/priv/s"));
});

test("files do not leave a rule by a copy or a second name", async () => {
  await using under = await openRuled();
  const { fs } = under;
  for (const path of ["/no/s", "/a/x/priv/s", "/here/no/s", "/here/a/x/priv/s"]) {
    await refuses(fs.open(path, READ, {}));
    await refuses(fs.hardLink(path, "/stolen"));
    await refuses(fs.rename(path, "/stolen", { overwrite: true }));
  }
  for (const path of ["/ro/s", "/here/ro/s"]) {
    await refuses(fs.hardLink(path, "/stolen"));
    await refuses(fs.rename(path, "/stolen", { overwrite: true }));
    const [source, target] = [await fs.open(path, READ, {}), await fs.open("/free/copy", CREATE, {})];
    await refuses(source.copyTo?.(target, { position: 0, lengthBytes: 0, targetPosition: 0 }) ?? Promise.resolve());
    await target.close();
    await source.close();
  }
});

test("a link lends its directory's permissions to nothing elsewhere", async () => {
  await using under = await openTestFileSystem({ user: { permissions: { "/": ["*"], "/secret": [] } } });
  await mkdir(join(under.home, "secret"));
  await writeFile(join(under.home, "secret/a"), "x");
  await symlink("secret/a", join(under.home, "file"));
  await symlink("secret", join(under.home, "dir"));
  const { fs } = under;
  await refuses(fs.open("/file", READ, {}));
  await refuses(fs.open("/file", UPDATE, {}));
  await refuses(fs.open("/dir/new", CREATE, {}));
  await refuses(fs.openDirectory("/dir"));
  await refuses(fs.stat("/dir/a"));
  await refuses(fs.remove("/dir/a"));
  await refuses(fs.setStat("/file", { mode: 0o777 }));
  await refuses(fs.rename("/dir/a", "/stolen", { overwrite: false }));
  await refuses(fs.hardLink("/dir/a", "/stolen"));
  assert.equal(await fs.realPath("/dir/a"), "/dir/a");
});

test("a handle opened through a link has no more permissions than where it leads", async () => {
  await using under = await openTestFileSystem({
    user: { permissions: { "/": ["*"], "/ro": ["download", "overwrite"] } },
  });
  await mkdir(join(under.home, "ro"));
  await writeFile(join(under.home, "ro/a"), "0123");
  await symlink("ro/a", join(under.home, "file"));
  const reading = await under.fs.open("/file", READ, {});
  await refuses(reading.setStat({ mode: 0o600 }));
  const target = await under.fs.open("/copy", CREATE, {});
  await refuses(reading.copyTo?.(target, { position: 0, lengthBytes: 0, targetPosition: 0 }) ?? Promise.resolve());
  await target.close();
  await reading.close();
  const writing = await under.fs.open("/file", UPDATE, {});
  await refuses(writing.setStat({ accessTimeS: 1, modifyTimeS: 1 }));
  await writing.close();
});

test("read and write without download opens a handle that only writes", async () => {
  await using under = await openWith(["upload", "overwrite"]);
  const file = await under.fs.open("/file", UPDATE, {});
  await refuses(file.read(new Uint8Array(1), 0));
  await file.write(new Uint8Array(1), 0);
  await file.close();
});

test("a new file may be cut to size by who made it", async () => {
  await using under = await openWith(["upload"]);
  const file = await under.fs.open("/new", CREATE, {});
  await file.setStat({ sizeBytes: 5n });
  await file.close();
  const existing = await openWith(["download"]);
  const reading = await existing.fs.open("/file", READ, {});
  await refuses(reading.setStat({ sizeBytes: 0n }));
  await refuses(reading.write(new Uint8Array(1), 0));
  await reading.close();
  await existing.close();
});

test("with setstat_mode 1 attributes are taken and forgotten", async () => {
  await using under = await openWith([], { setstatMode: 1 });
  await chmod(join(under.home, "file"), 0o644);
  await under.fs.setStat("/file", { mode: 0o600, uid: 1, gid: 1, accessTimeS: 1, modifyTimeS: 1 });
  await refuses(under.fs.setStat("/file", { sizeBytes: 0n }));
});

test("set-uid bits are not set", async () => {
  await using under = await openWith(["chmod", "list"]);
  await under.fs.setStat("/file", { mode: 0o106755 });
  assert.equal(((await under.fs.stat("/file")).mode ?? 0) & 0o7777, 0o755);
});

test("denied patterns refuse what touches the file, and show it", async () => {
  const filters = { file_patterns: [{ path: "/", denied_patterns: ["*.zip"] }] };
  await using under = await openTestFileSystem({ user: { filters } });
  await writeFile(join(under.home, "a.zip"), "x");
  await writeFile(join(under.home, "a.txt"), "x");
  const { fs } = under;
  await refuses(fs.open("/a.zip", READ, {}));
  await refuses(fs.open("/a.zip", CREATE, {}));
  await refuses(fs.open("/b.zip", CREATE, {}));
  await refuses(fs.remove("/a.zip"));
  await refuses(fs.rename("/a.txt", "/b.zip", { overwrite: true }));
  await refuses(fs.rename("/a.zip", "/b.txt", { overwrite: true }));
  await refuses(fs.hardLink("/a.zip", "/b.txt"));
  await refuses(fs.makeDirectory("/d.zip", {}));
  assert.equal((await fs.stat("/a.zip")).sizeBytes, 1n);
  assert.deepEqual(await names(under), ["a.txt", "a.zip"]);
  assert.deepEqual(summarise(under.events), []);
});

test("hidden patterns make files not be there", async () => {
  const filters = { file_patterns: [{ path: "/", denied_patterns: ["secret*"], deny_policy: 1 }] };
  await using under = await openTestFileSystem({ user: { filters }, symlinkMode: 1 });
  await mkdir(join(under.home, "secret-dir"));
  await writeFile(join(under.home, "secret-dir/a"), "x");
  await writeFile(join(under.home, "secret.txt"), "x");
  await writeFile(join(under.home, "a.txt"), "x");
  await symlink("secret-dir", join(under.home, "way-in"));
  await link(join(under.home, "secret.txt"), join(under.home, "open.txt"));
  const { fs } = under;
  for (const path of ["/secret.txt", "/secret-dir/a", "/way-in/a"]) {
    await refuses(fs.stat(path), "NO_SUCH_FILE");
    await refuses(fs.open(path, READ, {}), "NO_SUCH_FILE");
    await refuses(fs.remove(path), "NO_SUCH_FILE");
    await refuses(fs.rename(path, "/b", { overwrite: true }), "NO_SUCH_FILE");
    await refuses(fs.open(path, CREATE, {}), "PERMISSION_DENIED");
  }
  await refuses(fs.openDirectory("/secret-dir"), "NO_SUCH_FILE");
  await refuses(fs.openDirectory("/way-in"), "NO_SUCH_FILE");
  await refuses(fs.realPath("/secret.txt"), "NO_SUCH_FILE");
  assert.deepEqual(await names(under), ["a.txt", "open.txt", "way-in"]);
});

test("a listing of nothing but hidden files is empty, however many they are", async () => {
  const filters = { file_patterns: [{ path: "/", allowed_patterns: ["*.txt"], deny_policy: 1 }] };
  await using under = await openTestFileSystem({ user: { filters } });
  for (let index = 0; index < 300; index++) await writeFile(join(under.home, `f${index}.bin`), "");
  await writeFile(join(under.home, "a.txt"), "");
  assert.deepEqual(await names(under), ["a.txt"]);
});

async function openWith(permissions: readonly Permission[], options = {}): Promise<TestFileSystem> {
  const under = await openTestFileSystem({ user: { permissions: { "/": permissions } }, symlinkMode: 1, ...options });
  await writeFile(join(under.home, "file"), "0123");
  await writeFile(join(under.home, "other"), "0123");
  await mkdir(join(under.home, "dir"));
  await symlink("file", join(under.home, "link"));
  return under;
}

/** A home with directories under rules of their own, and `/here`, a link to it. */
async function openRuled(): Promise<TestFileSystem> {
  const permissions = {
    "/": ["*"],
    "/no": [],
    "/ro": ["list", "download"],
    "/absent": [],
    "/a/*/priv": [],
  };
  const under = await openTestFileSystem({ user: { permissions } });
  for (const directory of ["no", "ro", "free", "a/x/priv", "a/y"]) {
    await mkdir(join(under.home, directory), { recursive: true });
    await writeFile(join(under.home, directory, "s"), "x");
  }
  await symlink(".", join(under.home, "here"));
  return under;
}

async function names({ fs }: TestFileSystem): Promise<string[]> {
  const directory = await fs.openDirectory("/");
  const found: string[] = [];
  for (let batch = await directory.next(50); batch.length > 0; batch = await directory.next(50)) {
    found.push(...batch.map(({ name }) => name));
  }
  await directory.close();
  return found.toSorted();
}

async function refuses(operation: Promise<unknown>, code: SftpError["code"] = "PERMISSION_DENIED"): Promise<void> {
  await assert.rejects(operation, (error) => SftpError.is(error, code));
}
