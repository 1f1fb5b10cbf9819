import assert from "node:assert/strict";
import { chmod, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import { CREATE, openTestFileSystem, READ, upload } from "./test-file-system.ts";

const TEMPORARY = /^\.fairlead-upload\.[0-9a-f]{24}$/;

for (const uploadMode of [1, 2] as const) {
  test(`upload_mode ${uploadMode}: readers see the old file until CLOSE`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    await writeFile(join(under.home, "a"), "old");
    const file = await under.fs.open("/a", CREATE, {});
    await file.write(Buffer.from("new!"), 0);
    assert.equal(await readFile(join(under.home, "a"), "utf8"), "old");
    await file.close();
    assert.equal(await readFile(join(under.home, "a"), "utf8"), "new!");
    assert.deepEqual(await readdir(under.home), ["a"]);
  });

  test(`upload_mode ${uploadMode}: the new file keeps the old one's permission bits`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    await writeFile(join(under.home, "a"), "old");
    await chmod(join(under.home, "a"), 0o600);
    await upload(under.fs, "/a", 5);
    assert.equal((await stat(join(under.home, "a"))).mode & 0o777, 0o600);
  });

  test(`upload_mode ${uploadMode}: an upload through a link replaces the file, not the link`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    await writeFile(join(under.home, "a"), "old");
    await symlink("a", join(under.home, "l"));
    await upload(under.fs, "/l", 5);
    assert.equal((await under.fs.lstat("/l")).sizeBytes, 1n);
    assert.equal((await under.fs.stat("/a")).sizeBytes, 5n);
  });

  test(`upload_mode ${uploadMode}: an exclusive upload never replaces what came meanwhile`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    const file = await under.fs.open("/a", { ...CREATE, truncate: false, exclusive: true }, {});
    await file.write(Buffer.from("mine"), 0);
    await writeFile(join(under.home, "a"), "theirs");
    await assert.rejects(file.close(), (error) => SftpError.is(error, "FAILURE"));
    assert.equal(await readFile(join(under.home, "a"), "utf8"), "theirs");
    assert.deepEqual(await readdir(under.home), ["a"]);
  });

  test(`upload_mode ${uploadMode}: without overwrite a new file never replaces what came meanwhile`, async () => {
    await using under = await openTestFileSystem({ uploadMode, user: { permissions: { "/": ["upload"] } } });
    const file = await under.fs.open("/a", CREATE, {});
    await writeFile(join(under.home, "a"), "theirs");
    await assert.rejects(file.close(), (error) => SftpError.is(error, "FAILURE"));
    assert.equal(await readFile(join(under.home, "a"), "utf8"), "theirs");
  });

  test(`upload_mode ${uploadMode}: a directory moved away meanwhile takes its upload along`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    await under.fs.makeDirectory("/d", {});
    const file = await under.fs.open("/d/a", CREATE, {});
    await rename(join(under.home, "d"), join(under.home, "e"));
    await under.fs.makeDirectory("/d", {});
    await file.close();
    assert.deepEqual(await readdir(join(under.home, "e")), ["a"]);
    assert.deepEqual(await readdir(join(under.home, "d")), []);
  });

  test(`upload_mode ${uploadMode}: the upload is a hidden file until CLOSE`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    const file = await under.fs.open("/a", CREATE, {});
    const [name = ""] = await readdir(under.home);
    assert.match(name, TEMPORARY);
    await file.close();
  });

  test(`upload_mode ${uploadMode}: a name of 255 bytes has room for its upload`, async () => {
    await using under = await openTestFileSystem({ uploadMode });
    const name = "n".repeat(255);
    await upload(under.fs, `/${name}`, 1);
    assert.deepEqual(await readdir(under.home), [name]);
  });
}

test("upload_mode 1: a new upload that is cut off leaves nothing", async () => {
  await using under = await openTestFileSystem({ uploadMode: 1 });
  const file = await under.fs.open("/a", CREATE, {});
  await file.write(new Uint8Array(10), 0);
  await file.close({ aborted: true });
  assert.deepEqual(await readdir(under.home), []);
});

test("upload_mode 2: an upload that is cut off can be resumed", async () => {
  await using under = await openTestFileSystem({ uploadMode: 2 });
  const file = await under.fs.open("/a", CREATE, {});
  await file.write(Buffer.from("01"), 0);
  await file.close({ aborted: true });
  const rest = await under.fs.open("/a", { ...READ, read: false, write: true, append: true }, {});
  await rest.write(Buffer.from("23"), 2);
  await rest.close();
  assert.equal(await readFile(join(under.home, "a"), "utf8"), "0123");
});

test("upload_mode 2: what cannot get its name does not stay behind", async () => {
  await using under = await openTestFileSystem({ uploadMode: 2, user: { permissions: { "/": ["upload"] } } });
  const file = await under.fs.open("/a", CREATE, {});
  await writeFile(join(under.home, "a"), "theirs");
  await file.close({ aborted: true });
  assert.deepEqual(await readdir(under.home), ["a"]);
  assert.equal(await readFile(join(under.home, "a"), "utf8"), "theirs");
});

test("upload_mode 0: two who create one name at once both write", async () => {
  await using under = await openTestFileSystem();
  await Promise.all(Array.from({ length: 10 }, () => upload(under.fs, "/same", 3)));
  assert.equal((await under.fs.stat("/same")).sizeBytes, 3n);
});
