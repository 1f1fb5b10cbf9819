import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { GateDecision, GateRequest } from "@fairlead/plugin-sdk/client";
import { SftpError } from "@fairlead/sftp";
import type { Gate } from "../../src/files/operation-gate.ts";
import { createDiskQuotaLedger } from "../../src/files/disk-quota-ledger.ts";
import {
  APPEND,
  CREATE,
  createMemoryLogger,
  download,
  openTestFileSystem,
  READ,
  summarise,
  type TestFileSystem,
  type TestOptions,
  UPDATE,
  upload,
} from "./test-file-system.ts";

type Judge = (request: GateRequest) => GateDecision | Promise<GateDecision>;

interface TestGate extends Gate {
  readonly asked: GateRequest[];
  isConfigured: boolean;
  judge: Judge;
}

const REFUSED: GateDecision = { allowed: false, message: "not on fridays" };

function createGate(judge: Judge = () => ({ allowed: true })): TestGate {
  const gate: TestGate = {
    asked: [],
    isConfigured: true,
    judge,
    async check(request) {
      gate.asked.push(request);
      return await gate.judge(request);
    },
  };
  return gate;
}

/** What was asked, one line each: `operation size flags path → target`. */
function questions(gate: TestGate): string[] {
  return gate.asked.map(({ operation, fileSizeBytes, openFlags, virtualPath, virtualTargetPath }) => {
    const target = virtualTargetPath === "" ? "" : ` → ${virtualTargetPath}`;
    return `${operation} size=${fileSizeBytes} flags=${openFlags} ${virtualPath}${target}`;
  });
}

const isRefusal = (error: unknown) =>
  SftpError.is(error) && error.code === "PERMISSION_DENIED" && error.message === "not on fridays";

interface Asked {
  readonly name: string;
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  readonly options?: TestOptions;
  readonly act: (under: TestFileSystem) => Promise<unknown>;
  readonly questions: readonly string[];
}

// A file in `files` has ten bytes.
const OPERATIONS: readonly Asked[] = [
  { name: "an upload", act: ({ fs }) => upload(fs, "/a", 5), questions: ["upload size=0 flags=0 /a"] },
  {
    name: "an upload over a file",
    files: ["a"],
    act: ({ fs }) => upload(fs, "/a", 5),
    questions: ["upload size=10 flags=577 /a"],
  },
  {
    name: "an upload under a hidden name",
    files: ["a"],
    options: { uploadMode: 1 },
    act: ({ fs }) => upload(fs, "/a", 5),
    questions: ["upload size=10 flags=577 /a"],
  },
  {
    name: "an append",
    files: ["a"],
    act: ({ fs }) => upload(fs, "/a", 5, APPEND),
    questions: ["upload size=10 flags=65 /a"],
  },
  {
    name: "an upload by scp",
    options: { protocol: "SCP" },
    act: ({ fs }) => upload(fs, "/a", 5),
    questions: ["upload size=0 flags=512 /a"],
  },
  {
    name: "a change of the size by name",
    files: ["a"],
    act: ({ fs }) => fs.setStat("/a", { sizeBytes: 0n }),
    questions: ["upload size=10 flags=513 /a"],
  },
  { name: "a download", files: ["a"], act: ({ fs }) => download(fs, "/a"), questions: ["download size=10 flags=0 /a"] },
  {
    name: "a checksum",
    files: ["a"],
    act: ({ fs }) => fs.checksum("/a", "sha256", AbortSignal.timeout(60_000)),
    questions: ["download size=10 flags=0 /a"],
  },
  { name: "a removal", files: ["a"], act: ({ fs }) => fs.remove("/a"), questions: ["delete size=10 flags=0 /a"] },
  { name: "a new directory", act: ({ fs }) => fs.makeDirectory("/d", {}), questions: ["mkdir size=0 flags=0 /d"] },
  {
    name: "the removal of a directory",
    folders: ["d"],
    act: ({ fs }) => fs.removeDirectory("/d"),
    questions: ["rmdir size=0 flags=0 /d"],
  },
  {
    name: "a rename",
    files: ["a"],
    act: ({ fs }) => fs.rename("/a", "/b", { overwrite: false }),
    questions: ["rename size=10 flags=0 /a → /b"],
  },
  {
    name: "a posix-rename over a file",
    files: ["a", "b"],
    act: ({ fs }) => fs.rename("/a", "/b", { overwrite: true }),
    questions: ["rename size=10 flags=0 /a → /b"],
  },
  {
    name: "the rename of a directory",
    folders: ["d"],
    act: ({ fs }) => fs.rename("/d", "/e", { overwrite: false }),
    questions: ["rename size=0 flags=0 /d → /e"],
  },
];

async function prepare({ home }: TestFileSystem, { files = [], folders = [] }: Pick<Asked, "files" | "folders">) {
  for (const name of files) await writeFile(join(home, name), "0123456789");
  for (const name of folders) await mkdir(join(home, name));
}

for (const operation of OPERATIONS) {
  test(`${operation.name} is asked about once, and done when it is allowed`, async () => {
    const gate = createGate();
    await using under = await openTestFileSystem({ ...operation.options, gate });
    await prepare(under, operation);
    await operation.act(under);
    assert.deepEqual(questions(gate), operation.questions);
  });

  test(`${operation.name} that is refused is not done, and sends no event`, async () => {
    await using under = await openTestFileSystem({ ...operation.options, gate: createGate(() => REFUSED) });
    await prepare(under, operation);
    await assert.rejects(operation.act(under), isRefusal);
    assert.deepEqual(summarise(under.events), []);
    for (const name of ["a", "b", "d", "e"]) {
      const wasThere = [...(operation.files ?? []), ...(operation.folders ?? [])].includes(name);
      assert.equal(existsSync(join(under.home, name)), wasThere, name);
    }
    for (const name of operation.files ?? []) {
      assert.equal(readFileSync(join(under.home, name), "utf8"), "0123456789");
    }
  });
}

test("a hard link is asked about as what it gives: reading and changing the file, and a new name", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate });
  await prepare(under, { files: ["a"] });
  await under.fs.hardLink("/a", "/b");
  assert.deepEqual(questions(gate), [
    "download size=10 flags=0 /a",
    "upload size=10 flags=0 /a",
    "upload size=0 flags=0 /b",
  ]);
});

test("a hard link is refused when any of these is", async () => {
  for (const refused of ["download /a", "upload /a", "upload /b"]) {
    const judge: Judge = ({ operation, virtualPath }) =>
      `${operation} ${virtualPath}` === refused ? REFUSED : { allowed: true };
    await using under = await openTestFileSystem({ gate: createGate(judge) });
    await prepare(under, { files: ["a"] });
    await assert.rejects(under.fs.hardLink("/a", "/b"), isRefusal);
    assert.equal(existsSync(join(under.home, "b")), false);
  }
});

test("the question says who, from where and in which session", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate, user: { role: "staff" } });
  await prepare(under, { files: ["a"] });
  await under.fs.rename("/a", "/b", { overwrite: false });
  assert.deepEqual(gate.asked, [
    {
      operation: "rename",
      username: "ann",
      ip: "192.0.2.7",
      protocol: "SFTP",
      sessionId: "SFTP_ab12_1",
      path: join(under.home, "a"),
      virtualPath: "/a",
      targetPath: join(under.home, "b"),
      virtualTargetPath: "/b",
      fileSizeBytes: 10n,
      openFlags: 0,
      role: "staff",
    },
  ]);
});

test("nobody is asked while no plugin has a gate, and from the next operation on when one has", async () => {
  const gate = createGate(() => REFUSED);
  gate.isConfigured = false;
  await using under = await openTestFileSystem({ gate });
  await upload(under.fs, "/a", 5);
  assert.deepEqual(gate.asked, []);
  gate.isConfigured = true;
  await assert.rejects(under.fs.remove("/a"), isRefusal);
});

test("what permissions refuse is not asked about", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate, user: { permissions: { "/": ["list"] } } });
  await prepare(under, { files: ["a"], folders: ["d"] });
  const { fs } = under;
  for (const attempt of [
    () => upload(fs, "/new", 1),
    () => upload(fs, "/a", 1),
    () => download(fs, "/a"),
    () => fs.remove("/a"),
    () => fs.rename("/a", "/b", { overwrite: true }),
    () => fs.makeDirectory("/e", {}),
    () => fs.removeDirectory("/d"),
    () => fs.hardLink("/a", "/b"),
    () => fs.setStat("/a", { sizeBytes: 0n }),
  ]) {
    await assert.rejects(attempt, (error) => SftpError.is(error) && error.message === "permission denied");
  }
  assert.deepEqual(gate.asked, []);
});

test("what the quota refuses is not asked about", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate, quotas: createDiskQuotaLedger(), user: { quota_files: 1 } });
  await upload(under.fs, "/a", 1);
  await assert.rejects(upload(under.fs, "/b", 1), /space limit/);
  assert.deepEqual(questions(gate), ["upload size=0 flags=0 /a"]);
});

test("a missing file is not asked about, and tells so by its event as ever", async () => {
  const gate = createGate(() => REFUSED);
  await using under = await openTestFileSystem({ gate });
  await assert.rejects(download(under.fs, "/a"), (error) => SftpError.is(error) && error.code === "NO_SUCH_FILE");
  assert.deepEqual(gate.asked, []);
  assert.deepEqual(summarise(under.events), ["pre-download st1 size=0 flags=0 /a"]);
});

test("the question comes before the pre-event", async () => {
  const seen: number[] = [];
  const gate = createGate();
  await using under = await openTestFileSystem({ gate });
  gate.judge = () => {
    seen.push(under.events.length);
    return { allowed: true };
  };
  await upload(under.fs, "/a", 1);
  await download(under.fs, "/a");
  await under.fs.remove("/a");
  assert.deepEqual(seen, [0, 3, 6]);
});

test("a link does not lead around a rule: the question names where it leads", async () => {
  const gate = createGate(({ virtualPath }) => (virtualPath.startsWith("/secret") ? REFUSED : { allowed: true }));
  await using under = await openTestFileSystem({ gate });
  await prepare(under, { folders: ["secret"] });
  await writeFile(join(under.home, "secret/f"), "x");
  await symlink("secret", join(under.home, "way"));
  await symlink("secret/f", join(under.home, "file"));
  const { fs } = under;
  for (const attempt of [
    () => download(fs, "/way/f"),
    () => download(fs, "/file"),
    () => upload(fs, "/way/g", 1),
    () => upload(fs, "/file", 1),
    () => fs.remove("/way/f"),
    () => fs.rename("/way/f", "/f", { overwrite: false }),
    () => fs.makeDirectory("/way/d", {}),
    () => fs.setStat("/file", { sizeBytes: 0n }),
  ]) {
    await assert.rejects(attempt, isRefusal);
  }
  assert.equal(readFileSync(join(under.home, "secret/f"), "utf8"), "x");
});

test("what was allowed is what is done, whatever is put in its place meanwhile", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate });
  const { fs, home } = under;
  await prepare(under, { folders: ["d", "other"] });
  await writeFile(join(home, "d/f"), "x");
  await writeFile(join(home, "other/f"), "precious");
  gate.judge = async () => {
    await rename(join(home, "d"), join(home, "moved"));
    await symlink("other", join(home, "d"));
    return { allowed: true };
  };
  await fs.remove("/d/f");
  assert.equal(existsSync(join(home, "moved/f")), false);
  assert.equal(readFileSync(join(home, "other/f"), "utf8"), "precious");
});

test("a file that comes while a plugin thinks about a new one is asked about as what it is", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate });
  gate.judge = async ({ fileSizeBytes }) => {
    if (fileSizeBytes > 0n) return REFUSED;
    await writeFile(join(under.home, "a"), "0123456789");
    return { allowed: true };
  };
  await assert.rejects(upload(under.fs, "/a", 1), isRefusal);
  assert.equal(readFileSync(join(under.home, "a"), "utf8"), "0123456789");
});

test("open files are not asked about again, neither is copying between them", async () => {
  const gate = createGate();
  await using under = await openTestFileSystem({ gate });
  await prepare(under, { files: ["a"] });
  const source = await under.fs.open("/a", READ, {});
  const target = await under.fs.open("/b", CREATE, {});
  gate.judge = () => REFUSED;
  await source.copyTo!(target, { position: 0, lengthBytes: 0, targetPosition: 0 });
  await target.write(Buffer.from("more"), 10);
  await source.close();
  await target.close();
  assert.equal(readFileSync(join(under.home, "b"), "utf8"), "0123456789more");
  assert.equal(gate.asked.length, 2);
});

test("opening to read and write asks about both; without the download the file is only written", async () => {
  const gate = createGate(({ operation }) => (operation === "download" ? REFUSED : { allowed: true }));
  await using under = await openTestFileSystem({ gate });
  await prepare(under, { files: ["a"] });
  const file = await under.fs.open("/a", { ...UPDATE, read: true }, {});
  await assert.rejects(file.read(new Uint8Array(10), 0), (error) => SftpError.is(error, "PERMISSION_DENIED"));
  await file.write(Buffer.from("new"), 0);
  await file.close();
  assert.deepEqual(questions(gate), ["upload size=10 flags=2 /a", "download size=10 flags=0 /a"]);
});

test("when the session ends while a plugin thinks, nothing is done any more", async () => {
  const answer = Promise.withResolvers<GateDecision>();
  const asked = Promise.withResolvers<void>();
  const gate = createGate(() => {
    asked.resolve();
    return answer.promise;
  });
  await using under = await openTestFileSystem({ gate });
  await prepare(under, { files: ["a"] });
  const removal = under.fs.remove("/a");
  await asked.promise;
  const ending = under.fs[Symbol.asyncDispose]();
  answer.resolve({ allowed: true });
  await assert.rejects(removal, (error) => SftpError.is(error) && error.code === "CONNECTION_LOST");
  await ending;
  assert.equal(existsSync(join(under.home, "a")), true);
});

test("the log says why an operation was refused, and the user is told", async () => {
  const logger = createMemoryLogger();
  const told: string[] = [];
  const gate = createGate(() => ({ allowed: false, message: "no\u001B[2J\nway" }));
  await using under = await openTestFileSystem({ gate, logger, tellUser: (text) => told.push(text) });
  await assert.rejects(upload(under.fs, "/a", 1), /^SftpError: no \[2J way$/);
  const line = logger.lines.find(({ message }) => message === "file operation failed");
  assert.equal(line?.level, "info");
  assert.equal(line.fields["reason"], "no [2J way");
  assert.deepEqual(told, ["no [2J way"]);
});
