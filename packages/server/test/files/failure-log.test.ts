import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import { CREATE, createMemoryLogger, openTestFileSystem, READ, upload } from "./test-file-system.ts";

const isRoot = process.getuid?.() === 0;

/** The log's lines about failures. */
function failures({ lines }: ReturnType<typeof createMemoryLogger>): Record<string, unknown>[] {
  return lines
    .filter(({ fields }) => "reason" in fields)
    .map(({ level, message, fields }) => ({ level, message, ...fields }));
}

test("an upload that fills the disk is logged with the system's reason, and the client hears no host path", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "fairlead-full-"));
  try {
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", home]);
    if (mounted.status !== 0) {
      t.skip("only root may mount a small file system");
      return;
    }
    const logger = createMemoryLogger();
    {
      await using under = await openTestFileSystem({ home, logger });
      const heard: unknown = await upload(under.fs, "/big", 1024 * 1024).catch((error: unknown) => error);
      assert.ok(SftpError.is(heard, "FAILURE"));
      assert.equal(heard.message, "no space left on device");
    }
    const [line] = failures(logger);
    assert.equal(line?.["level"], "error");
    assert.equal(line["action"], "upload");
    assert.equal(line["errno"], "ENOSPC");
    assert.equal(line["syscall"], "write");
    assert.equal(line["reason"], "no space left on device");
    assert.equal("stack" in line, false);
  } finally {
    spawnSync("umount", [home]);
    await rm(home, { recursive: true, force: true });
  }
});

test("what the system refuses is logged with errno and call", async (t) => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger });
  await mkdir(join(under.home, "locked"), { mode: 0o500 });
  if (isRoot && spawnSync("chattr", ["+i", join(under.home, "locked")]).status !== 0) {
    t.skip("root is refused nothing, and this file system has no immutable directories");
    return;
  }
  try {
    await assert.rejects(under.fs.makeDirectory("/locked/new", {}), { code: "PERMISSION_DENIED" });
  } finally {
    if (isRoot) spawnSync("chattr", ["-i", join(under.home, "locked")]);
  }
  const [errno, reason] = isRoot ? ["EPERM", "operation not permitted"] : ["EACCES", "permission denied"];
  assert.deepEqual(failures(logger), [
    {
      level: "info",
      message: "file operation failed",
      operation: "mkdir",
      path: "/locked/new",
      reason,
      errno,
      syscall: "mkdir",
    },
  ]);
});

test("what the user's permissions refuse is logged once, whatever the operation", async () => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger, user: { permissions: { "/": ["list"] } } });
  await writeFile(join(under.home, "file"), "x");
  const { fs } = under;
  for (const attempt of [
    () => fs.open("/new", CREATE, {}),
    () => fs.open("/file", READ, {}),
    () => fs.makeDirectory("/new", {}),
    () => fs.remove("/file"),
    () => fs.removeDirectory("/new"),
    () => fs.setStat("/file", { mode: 0o600 }),
    () => fs.rename("/file", "/other", { overwrite: false }),
    () => fs.hardLink("/file", "/other"),
  ]) {
    await assert.rejects(attempt, { code: "PERMISSION_DENIED" });
  }
  const reason = "permission denied";
  assert.deepEqual(
    failures(logger).map(({ level, message, ...rest }) => [level, message, rest]),
    [
      { operation: "open", path: "/new", reason },
      { operation: "open", path: "/file", reason },
      { operation: "mkdir", path: "/new", reason },
      { operation: "remove", path: "/file", reason },
      { operation: "rmdir", path: "/new", reason },
      { operation: "setstat", path: "/file", reason },
      { operation: "rename", path: "/file", targetPath: "/other", reason },
      { operation: "hardlink", path: "/file", targetPath: "/other", reason },
    ].map((rest) => ["info", "file operation failed", rest]),
  );
});

test("asking for what is not there stays at debug", async () => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger });
  await assert.rejects(under.fs.stat("/nothing"), { code: "NO_SUCH_FILE" });
  await assert.rejects(under.fs.open("/nothing", READ, {}), { code: "NO_SUCH_FILE" });
  await assert.rejects(under.fs.openDirectory("/nothing"), { code: "NO_SUCH_FILE" });
  assert.deepEqual(
    failures(logger).map(({ level, operation }) => [level, operation]),
    [
      ["debug", "stat"],
      ["debug", "open"],
      ["debug", "opendir"],
    ],
  );
});

test("a client's own mistakes stay at debug", async () => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger });
  await under.fs.makeDirectory("/d", {});
  await assert.rejects(under.fs.makeDirectory("/d", {}), { code: "FAILURE" });
  await assert.rejects(under.fs.remove("/d"), { code: "FAILURE" });
  assert.deepEqual(
    failures(logger).map(({ level, operation, reason }) => [level, operation, reason]),
    [
      ["debug", "mkdir", "file exists"],
      ["debug", "remove", "is a directory"],
    ],
  );
});

test("a refused change through an open handle is logged", async () => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger, user: { permissions: { "/": ["upload", "download"] } } });
  const file = await under.fs.open("/f", CREATE, {});
  await assert.rejects(file.setStat({ mode: 0o600 }), { code: "PERMISSION_DENIED" });
  await file.close();
  assert.deepEqual(
    failures(logger).map(({ operation, path }) => [operation, path]),
    [["fsetstat", "/f"]],
  );
});

test("a transfer that was cut off says so", async () => {
  const logger = createMemoryLogger();
  await using under = await openTestFileSystem({ logger });
  const written = await under.fs.open("/f", CREATE, {});
  await written.close({ aborted: true });
  const read = await under.fs.open("/f", READ, {});
  await read.close({ aborted: true });
  assert.deepEqual(
    failures(logger).map(({ action, reason }) => [action, reason]),
    [
      ["upload", "the upload was cut off"],
      ["download", "the download was cut off"],
    ],
  );
});
