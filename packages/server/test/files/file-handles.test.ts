import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FileHandle, SftpError } from "@fairlead/sftp";
import { APPEND, CREATE, openTestFileSystem, READ, UPDATE, upload } from "./test-file-system.ts";

const GIB = 2 ** 30;

test("reads and writes beyond 4 GiB", async () => {
  await using under = await openTestFileSystem();
  const position = 5 * GIB + 7;
  const file = await under.fs.open("/big", { ...CREATE, read: true }, {});
  await file.write(Buffer.from("far"), position);
  const buffer = Buffer.alloc(8);
  assert.equal(await file.read(buffer, position), 3);
  assert.equal(buffer.toString("latin1", 0, 3), "far");
  assert.equal((await file.stat()).sizeBytes, BigInt(position + 3));
  await file.close();
  assert.equal((await under.fs.stat("/big")).sizeBytes, BigInt(position + 3));
  await under.fs.setStat("/big", { sizeBytes: BigInt(6 * GIB) });
  assert.equal((await stat(join(under.home, "big"))).size, 6 * GIB);
});

test("a position no file can have is a failure, not a crash", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "x");
  const reading = await under.fs.open("/a", READ, {});
  for (const position of [2 ** 53, 2 ** 63]) await refuses(reading.read(new Uint8Array(1), position), "FAILURE");
  await reading.close();
  const writing = await under.fs.open("/b", CREATE, {});
  await refuses(writing.write(new Uint8Array(1), 2 ** 62), "FAILURE");
  await refuses(writing.close(), "FAILURE");
});

test("an append goes to the end in the order of its writes, whatever they say", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "0");
  const file = await under.fs.open("/a", { ...APPEND, read: true }, {});
  await Promise.all([1, 2, 3, 4].map((digit) => file.write(Buffer.from(String(digit)), 0)));
  const buffer = Buffer.alloc(5);
  await file.read(buffer, 0);
  assert.equal(buffer.toString("latin1"), "01234");
  await file.close();
});

test("pieces are written as one, more of them than the system takes at once", async () => {
  await using under = await openTestFileSystem();
  const file = await under.fs.open("/a", CREATE, {});
  const pieces = Array.from({ length: 3000 }, (_, index) => Buffer.from(index % 7 === 0 ? "" : "ab"));
  await file.writeMany?.(pieces, 0);
  await file.writeMany?.([], 0);
  await file.close();
  assert.equal((await under.fs.stat("/a")).sizeBytes, BigInt(Buffer.concat(pieces).length));
});

test("many reads and writes of one handle at a time do not mix", async () => {
  await using under = await openTestFileSystem();
  const file = await under.fs.open("/a", { ...CREATE, read: true }, {});
  const blocks = Array.from({ length: 64 }, (_, index) => new Uint8Array(32 * 1024).fill(index));
  await Promise.all(blocks.map((block, index) => file.write(block, index * block.length)));
  await Promise.all(
    blocks.map(async (block, index) => {
      const buffer = new Uint8Array(block.length);
      assert.equal(await file.read(buffer, index * block.length), block.length);
      assert.deepEqual(buffer, block);
    }),
  );
  await file.close();
});

test("copies to the end of a file as it is at the start, also into itself", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "0123456789");
  const source = await under.fs.open("/a", READ, {});
  const target = await under.fs.open("/a", UPDATE, {});
  await source.copyTo?.(target, { position: 4, lengthBytes: 0, targetPosition: 10 });
  await source.copyTo?.(target, { position: 100, lengthBytes: 0, targetPosition: 0 });
  await source.close();
  await target.close();
  assert.equal((await under.fs.stat("/a")).sizeBytes, 16n);
});

test("copies more than fits a buffer", async () => {
  await using under = await openTestFileSystem();
  await upload(under.fs, "/a", 1_000_000);
  const source = await under.fs.open("/a", READ, {});
  const target = await under.fs.open("/b", CREATE, {});
  await source.copyTo?.(target, { position: 1, lengthBytes: 999_998, targetPosition: 0 });
  await source.close();
  await target.close();
  assert.equal((await under.fs.stat("/b")).sizeBytes, 999_998n);
});

test("a copy ends with its session", async () => {
  await using under = await openTestFileSystem();
  await upload(under.fs, "/a", 1_000_000);
  const source = await under.fs.open("/a", READ, {});
  const target = await under.fs.open("/b", CREATE, {});
  const session = new AbortController();
  let writes = 0;
  const write = target.write.bind(target);
  target.write = async (bytes, position) => {
    await write(bytes, position);
    writes++;
    session.abort();
  };
  const range = { position: 0, lengthBytes: 0, targetPosition: 0, signal: session.signal };
  await refuses(source.copyTo?.(target, range) ?? Promise.resolve(), "CONNECTION_LOST");
  assert.equal(writes, 1);
  await refuses(source.copyTo?.(target, range) ?? Promise.resolve(), "CONNECTION_LOST");
  assert.equal(writes, 1);
  await source.close();
  await target.close({ aborted: true });
});

test("a copy to a handle of another file system is left to the session", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "x");
  const source = await under.fs.open("/a", READ, {});
  const foreign: FileHandle = {
    read: () => Promise.resolve(0),
    write: nothing,
    stat: () => Promise.resolve({}),
    setStat: nothing,
    sync: nothing,
    close: nothing,
  };
  const copy = source.copyTo?.(foreign, { position: 0, lengthBytes: 0, targetPosition: 0 });
  await refuses(copy ?? Promise.resolve(), "OP_UNSUPPORTED");
  await source.close();
});

test("an open without any access is refused", async () => {
  await using under = await openTestFileSystem();
  await refuses(under.fs.open("/a", { ...READ, read: false }, {}), "FAILURE");
});

test("a directory opens for reading, and is not read", async () => {
  await using under = await openTestFileSystem();
  await mkdir(join(under.home, "d"));
  const file = await under.fs.open("/d", READ, {});
  await refuses(file.read(new Uint8Array(1), 0), "FAILURE");
  await file.close();
  await refuses(under.fs.open("/d", CREATE, {}), "OP_UNSUPPORTED");
});

test("pipes are neither read nor written, and hold nobody up", { skip: process.platform === "win32" }, async () => {
  await using under = await openTestFileSystem();
  execFileSync("mkfifo", [join(under.home, "pipe")]);
  await refuses(under.fs.open("/pipe", READ, {}), "FAILURE");
  await refuses(under.fs.open("/pipe", CREATE, {}), "FAILURE");
  await refuses(under.fs.setStat("/pipe", { sizeBytes: 0n }), "FAILURE");
});

test("names of 255 bytes work, longer ones fail", async () => {
  await using under = await openTestFileSystem();
  const name = "é".repeat(127) + "x";
  await upload(under.fs, `/${name}`, 1);
  await under.fs.makeDirectory(`/${"d".repeat(255)}`, {});
  await refuses(upload(under.fs, `/${name}x`, 1), "FAILURE");
  await refuses(under.fs.makeDirectory(`/${"d".repeat(256)}`, {}), "FAILURE");
  await refuses(under.fs.stat(`/${"p/".repeat(2048)}p`), "FAILURE");
});

test("errors tell the client nothing of the host", async () => {
  await using under = await openTestFileSystem();
  await symlink("/etc", join(under.home, "out"));
  const messages: string[] = [];
  const { fs } = under;
  for (const operation of [
    () => fs.open("/no", READ, {}),
    () => fs.open("/out/passwd", READ, {}),
    () => fs.stat("/no/deeper"),
    () => fs.makeDirectory("/out/x", {}),
    () => fs.remove("/no"),
    () => fs.rename("/no", "/b", { overwrite: true }),
    () => fs.statVfs("/no"),
    () => fs.openDirectory("/out"),
    () => fs.readLink("/out"),
    () => fs.hardLink("/no", "/b"),
    () => fs.setStat("/no", { mode: 0 }),
    () => fs.removeDirectory("/no"),
    () => fs.makeDirectory(`/${"d".repeat(256)}`, {}),
  ]) {
    await assert.rejects(operation(), (error) => SftpError.is(error) && messages.push(error.message) > 0);
  }
  for (const message of messages) assert.doesNotMatch(message, /\/|fairlead|proc|fd/);
});

test("a home that is missing is made, with its parents", async () => {
  await using under = await openTestFileSystem();
  const home = join(under.outside, "deep/home");
  await using second = await openTestFileSystem({ home });
  await upload(second.fs, "/a", 1);
  assert.deepEqual(await readdir(home), ["a"]);
  assert.equal((await stat(home)).mode & 0o777, 0o755 & ~process.umask());
});

test("start_directory is where relative paths begin", async () => {
  await using plain = await openTestFileSystem();
  await using under = await openTestFileSystem({ user: { filters: { start_directory: "/in/./box/" } } });
  assert.equal(plain.fs.homeDirectory, "/");
  assert.equal(under.fs.homeDirectory, "/in/box");
});

test("no descriptor is left after a session, whatever it did", { skip: process.platform !== "linux" }, async () => {
  // The first session warms up what Node opens once for itself.
  for (const round of [0, 1]) {
    const before = openDescriptors();
    const under = await openTestFileSystem({ uploadMode: 1, symlinkMode: 1 });
    const { fs, home } = under;
    await symlink("/etc", join(home, "out"));
    await mkdir(join(home, "d"));
    for (let index = 0; index < 20; index++) {
      await upload(fs, `/d/${index}`, 10);
      await fs.open(`/d/${index}`, READ, {});
      await fs.open(`/d/${index}`, CREATE, {});
      await fs.openDirectory("/d");
      await fs.open("/out/passwd", READ, {}).catch(() => {});
      await fs.open("/no/x", CREATE, {}).catch(() => {});
      await fs.openDirectory("/d/0").catch(() => {});
      await fs.rename(`/d/${index}`, "/no/x", { overwrite: true }).catch(() => {});
      await fs.hardLink(`/d/${index}`, "/out/x").catch(() => {});
      await fs.setStat("/d", { mode: 0o755 });
      await fs.statVfs("/d");
      await fs.realPath("/d/new");
    }
    await under.close();
    if (round === 1) assert.equal(openDescriptors(), before);
  }
});

test("what is being opened while the session ends is closed", { skip: process.platform !== "linux" }, async () => {
  const under = await openTestFileSystem();
  const before = openDescriptors();
  const opening = [under.fs.open("/a", CREATE, {}), under.fs.openDirectory("/")];
  await under.fs[Symbol.asyncDispose]();
  for (const result of await Promise.allSettled(opening)) assert.equal(result.status, "rejected");
  assert.equal(openDescriptors(), before - 1, "only the root is let go of");
  assert.deepEqual(
    under.events.map((entry) => entry.kind === "fs" && [entry.event.action, entry.event.status]),
    [
      ["pre-upload", 1],
      ["upload", 2],
    ],
  );
  await under.close();
});

test("an ended session does nothing more", async () => {
  const under = await openTestFileSystem();
  const file = await under.fs.open("/a", CREATE, {});
  await under.fs[Symbol.asyncDispose]();
  await under.fs[Symbol.asyncDispose]();
  await refuses(under.fs.stat("/"), "FAILURE");
  await refuses(file.write(new Uint8Array(1), 0), "FAILURE");
  await file.close();
  await under.close();
});

function nothing(): Promise<void> {
  return Promise.resolve();
}

async function refuses(operation: Promise<unknown>, code: SftpError["code"]): Promise<void> {
  await assert.rejects(operation, (error) => SftpError.is(error, code));
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
