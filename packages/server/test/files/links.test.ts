import assert from "node:assert/strict";
import { mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import { download, openTestFileSystem } from "./test-file-system.ts";

for (const symlinkMode of [0, 2] as const) {
  test(`symlink_mode ${symlinkMode} makes no links`, async () => {
    await using under = await openTestFileSystem({ symlinkMode });
    await refuses(under.fs.symlink("a", "/l"), "OP_UNSUPPORTED");
  });
}

for (const symlinkMode of [1, 3] as const) {
  test(`symlink_mode ${symlinkMode} writes links with relative text`, async () => {
    await using under = await openTestFileSystem({ symlinkMode });
    await mkdir(join(under.home, "d/e"), { recursive: true });
    await under.fs.symlink("/t.txt", "/abs");
    await under.fs.symlink("t.txt", "/rel");
    await under.fs.symlink("/t.txt", "/d/e/deep");
    await under.fs.symlink("../../d/./t.txt", "/d/e/climbs");
    const texts = ["abs", "rel", "d/e/deep", "d/e/climbs"].map((name) => readlink(join(under.home, name)));
    assert.deepEqual(await Promise.all(texts), ["t.txt", "t.txt", "../../t.txt", "../t.txt"]);
  });
}

for (const target of ["../a", "../../etc/passwd", "/../etc/passwd", "d/../../a"]) {
  test(`no link is made to ${target} from the root`, async () => {
    await using under = await openTestFileSystem({ symlinkMode: 1 });
    await refuses(under.fs.symlink(target, "/l"), "PERMISSION_DENIED");
  });
}

test("a link made below a linked directory counts from the real one", async () => {
  await using under = await openTestFileSystem({ symlinkMode: 1 });
  await mkdir(join(under.home, "a/b/c"), { recursive: true });
  await writeFile(join(under.home, "t"), "x");
  await symlink("a/b/c", join(under.home, "short"));
  await under.fs.symlink("/t", "/short/l");
  assert.equal(await readlink(join(under.home, "a/b/c/l")), "../../../t");
  assert.equal(await download(under.fs, "/short/l"), "x");
});

test("a link that climbs reads as the path it means", async () => {
  await using under = await openTestFileSystem();
  await mkdir(join(under.home, "d"));
  await symlink("../t", join(under.home, "d/l"));
  assert.equal(await under.fs.readLink("/d/l"), "/t");
});

test("an absolute link of the host reads as the virtual path it means", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "t"), "x");
  await symlink(join(under.home, "t"), join(under.home, "l"));
  assert.equal(await under.fs.readLink("/l"), "/t");
  assert.equal(await download(under.fs, "/l"), "x");
});

for (const text of ["/etc/passwd", "../../etc/passwd", "..", "d/../../x"]) {
  test(`a link to ${text} shows the client nothing`, async () => {
    await using under = await openTestFileSystem();
    await symlink(text, join(under.home, "l"));
    await refuses(under.fs.readLink("/l"), "PERMISSION_DENIED");
  });
}

test("attributes of a link itself can be set", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "t"), "x");
  await symlink("t", join(under.home, "l"));
  const before = await under.fs.stat("/t");
  await under.fs.setStatNoFollow?.("/l", { accessTimeS: 1_000_000, modifyTimeS: 2_000_000 });
  assert.equal((await under.fs.lstat("/l")).modifyTimeS, 2_000_000);
  assert.equal((await under.fs.stat("/t")).modifyTimeS, before.modifyTimeS);
  await refuses(under.fs.setStatNoFollow?.("/l", { mode: 0o600 }) ?? Promise.resolve(), "OP_UNSUPPORTED");
});

test("a rename moves the link, not what it names", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "t"), "x");
  await symlink("t", join(under.home, "l"));
  await under.fs.rename("/l", "/m", { overwrite: false });
  assert.equal(await readlink(join(under.home, "m")), "t");
});

test("directories, links and missing files get no hard link", async () => {
  await using under = await openTestFileSystem();
  await mkdir(join(under.home, "d"));
  await symlink("d", join(under.home, "l"));
  await writeFile(join(under.home, "a"), "x");
  await refuses(under.fs.hardLink("/d", "/new"), "FAILURE");
  await refuses(under.fs.hardLink("/l", "/new"), "FAILURE");
  await refuses(under.fs.hardLink("/no", "/new"), "NO_SUCH_FILE");
  await refuses(under.fs.hardLink("/a", "/l"), "FAILURE");
});

async function refuses(operation: Promise<unknown>, code: SftpError["code"]): Promise<void> {
  await assert.rejects(operation, (error) => SftpError.is(error, code));
}
