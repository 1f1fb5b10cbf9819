import assert from "node:assert/strict";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import {
  APPEND,
  CREATE,
  download,
  openTestFileSystem,
  READ,
  summarise,
  type TestFileSystem,
  type TestOptions,
  UPDATE,
  upload,
} from "./test-file-system.ts";

// What a running SFTPGo 2.7 sent to its notifier for the same requests; the ids name the recorded situations.

interface Situation {
  readonly id: string;
  readonly options?: TestOptions;
  /** Files in the home before, with their sizes. */
  readonly files?: Readonly<Record<string, number>>;
  readonly act: (under: TestFileSystem) => Promise<unknown>;
  readonly events: readonly string[];
  readonly refusal?: SftpError["code"];
  /** Entries of the home afterwards, where that matters. */
  readonly left?: Readonly<Record<string, number>>;
}

const NOT_FIRST = {
  markFirstUpload: () => Promise.resolve(false),
  markFirstDownload: () => Promise.resolve(false),
};

const SITUATIONS: readonly Situation[] = [
  {
    id: "N-upload-new",
    options: {},
    act: ({ fs }) => upload(fs, "/f1.txt", 100),
    events: [
      "pre-upload st1 size=0 flags=0 /f1.txt",
      "upload st1 size=100 flags=0 /f1.txt",
      "first-upload st1 size=100 flags=0 /f1.txt",
    ],
  },
  {
    id: "N-upload-overwrite",
    files: { "f1.txt": 100 },
    act: ({ fs }) => upload(fs, "/f1.txt", 150),
    events: ["pre-upload st1 size=100 flags=577 /f1.txt", "upload st1 size=150 flags=0 /f1.txt"],
  },
  {
    id: "N-upload-overwrite-smaller",
    files: { "f1.txt": 150 },
    act: ({ fs }) => upload(fs, "/f1.txt", 100),
    events: ["pre-upload st1 size=150 flags=577 /f1.txt", "upload st1 size=100 flags=0 /f1.txt"],
    left: { "f1.txt": 100 },
  },
  {
    id: "N-upload-empty",
    act: ({ fs }) => upload(fs, "/e.txt", 0),
    events: ["pre-upload st1 size=0 flags=0 /e.txt", "upload st1 size=0 flags=0 /e.txt"],
  },
  {
    id: "N-upload-empty-over",
    files: { "f1.txt": 100 },
    act: ({ fs }) => upload(fs, "/f1.txt", 0),
    events: ["pre-upload st1 size=100 flags=577 /f1.txt", "upload st1 size=0 flags=0 /f1.txt"],
  },
  {
    id: "N-upload-resume-reput",
    files: { "resume.bin": 1000 },
    act: ({ fs }) => upload(fs, "/resume.bin", 3000, APPEND, 1000),
    events: ["pre-upload st1 size=1000 flags=65 /resume.bin", "upload st1 size=4000 flags=0 /resume.bin"],
    left: { "resume.bin": 4000 },
  },
  {
    id: "N-open-rplus",
    files: { "ap.txt": 70 },
    act: ({ fs }) => upload(fs, "/ap.txt", 10, UPDATE, 5),
    events: ["pre-upload st1 size=70 flags=2 /ap.txt", "upload st1 size=10 flags=0 /ap.txt"],
    left: { "ap.txt": 70 },
  },
  {
    id: "N-open-rplus-nowrite",
    files: { "ap.txt": 70 },
    act: ({ fs }) => upload(fs, "/ap.txt", 0, UPDATE),
    events: ["pre-upload st1 size=70 flags=2 /ap.txt", "upload st1 size=0 flags=0 /ap.txt"],
  },
  {
    id: "N-open-rplus-both",
    files: { "ap.txt": 70 },
    act: async ({ fs }) => {
      const file = await fs.open("/ap.txt", UPDATE, {});
      assert.equal(await file.read(new Uint8Array(10), 0), 10);
      await file.write(new Uint8Array(10), 10);
      await file.close();
    },
    events: ["pre-upload st1 size=70 flags=2 /ap.txt", "upload st1 size=10 flags=0 /ap.txt"],
  },
  {
    id: "N-open-excl-exists",
    files: { "ap.txt": 70 },
    act: ({ fs }) => fs.open("/ap.txt", { ...READ, read: false, create: true, exclusive: true }, {}),
    events: ["pre-upload st1 size=70 flags=192 /ap.txt"],
    refusal: "FAILURE",
  },
  {
    id: "N-open-excl-new",
    act: ({ fs }) => upload(fs, "/exnew.txt", 0, { ...READ, read: false, create: true, exclusive: true }),
    events: ["pre-upload st1 size=0 flags=0 /exnew.txt", "upload st1 size=0 flags=0 /exnew.txt"],
    left: { "exnew.txt": 0 },
  },
  {
    id: "N-open-w-plus",
    files: { "ap.txt": 70 },
    act: ({ fs }) => upload(fs, "/ap.txt", 30, { ...CREATE, read: true }),
    events: ["pre-upload st1 size=70 flags=578 /ap.txt", "upload st1 size=30 flags=0 /ap.txt"],
  },
  {
    id: "N-open-w-missing-dir",
    act: ({ fs }) => upload(fs, "/nodir/x.txt", 0),
    events: ["pre-upload st1 size=0 flags=0 /nodir/x.txt"],
    refusal: "NO_SUCH_FILE",
  },
  {
    id: "N-upload-sparse",
    act: ({ fs }) => upload(fs, "/sparse.bin", 10, CREATE, 1000),
    events: ["pre-upload st1 size=0 flags=0 /sparse.bin", "upload st1 size=10 flags=0 /sparse.bin"],
    left: { "sparse.bin": 1010 },
  },
  {
    id: "N-upload-aborted",
    act: ({ fs }) => abortedUpload(fs, "/abort.bin", 100_000),
    events: ["pre-upload st1 size=0 flags=0 /abort.bin", "upload st2 size=100000 flags=0 /abort.bin"],
    left: { "abort.bin": 100_000 },
  },
  {
    id: "N-upload-aborted-nowrite",
    act: ({ fs }) => abortedUpload(fs, "/abort0.bin", 0),
    events: ["pre-upload st1 size=0 flags=0 /abort0.bin", "upload st2 size=0 flags=0 /abort0.bin"],
  },
  {
    id: "N-ftruncate",
    files: { "ap.txt": 5 },
    act: async ({ fs }) => {
      const file = await fs.open("/ap.txt", UPDATE, {});
      await file.setStat({ sizeBytes: 3n });
      await file.close();
    },
    events: ["pre-upload st1 size=5 flags=2 /ap.txt", "upload st1 size=0 flags=0 /ap.txt"],
    left: { "ap.txt": 3 },
  },
  {
    id: "N-download-partial",
    files: { "big.bin": 1000 },
    act: async ({ fs }) => {
      const file = await fs.open("/big.bin", READ, {});
      await file.read(new Uint8Array(100), 500);
      await file.read(new Uint8Array(100), 0);
      await file.close();
    },
    events: ["pre-download st1 size=0 flags=0 /big.bin", "download st1 size=200 flags=0 /big.bin"],
  },
  {
    id: "N-download-noread",
    files: { "big.bin": 1000 },
    act: async ({ fs }) => (await fs.open("/big.bin", READ, {})).close(),
    events: ["pre-download st1 size=0 flags=0 /big.bin", "download st1 size=0 flags=0 /big.bin"],
  },
  {
    id: "N-download-empty",
    options: {},
    files: { "e.txt": 0 },
    act: ({ fs }) => download(fs, "/e.txt"),
    events: ["pre-download st1 size=0 flags=0 /e.txt", "download st1 size=0 flags=0 /e.txt"],
  },
  {
    id: "N-ro-download",
    options: {},
    files: { "r.txt": 40 },
    act: ({ fs }) => download(fs, "/r.txt"),
    events: [
      "pre-download st1 size=0 flags=0 /r.txt",
      "download st1 size=40 flags=0 /r.txt",
      "first-download st1 size=40 flags=0 /r.txt",
    ],
  },
  {
    id: "N-download-missing-direct",
    act: ({ fs }) => fs.open("/nope.txt", READ, {}),
    events: ["pre-download st1 size=0 flags=0 /nope.txt"],
    refusal: "NO_SUCH_FILE",
  },
  {
    id: "N-download-dir",
    act: async ({ fs, home }) => {
      await mkdir(join(home, "d"));
      await (await fs.open("/d", READ, {})).close();
    },
    events: ["pre-download st1 size=0 flags=0 /d", "download st1 size=0 flags=0 /d"],
  },
  {
    id: "N-escape-symlink",
    act: async ({ fs, home }) => {
      await symlink("/etc/passwd", join(home, "out"));
      await fs.open("/out", READ, {});
    },
    events: ["pre-download st1 size=0 flags=0 /out"],
    refusal: "PERMISSION_DENIED",
  },
  {
    id: "N-mkdir",
    act: ({ fs }) => fs.makeDirectory("/d1", {}),
    events: ["mkdir st1 size=0 flags=0 /d1"],
  },
  {
    id: "N-mkdir-twice",
    files: { d1: 0 },
    act: ({ fs }) => fs.makeDirectory("/d1", {}),
    events: [],
    refusal: "FAILURE",
  },
  {
    id: "N-mkdir-missing-parent",
    act: ({ fs }) => fs.makeDirectory("/nodir/x", {}),
    events: [],
    refusal: "NO_SUCH_FILE",
  },
  {
    id: "N-rename-over-l",
    files: { "apnew.txt": 5, "e.txt": 9 },
    act: ({ fs }) => fs.rename("/apnew.txt", "/e.txt", { overwrite: false }),
    events: ["rename st1 size=0 flags=0 /apnew.txt → /e.txt"],
    left: { "e.txt": 5 },
  },
  {
    id: "N-rename-missing",
    act: ({ fs }) => fs.rename("/nope", "/d3", { overwrite: false }),
    events: [],
    refusal: "NO_SUCH_FILE",
  },
  {
    id: "N-rename-same",
    files: { d2: 0 },
    act: ({ fs }) => fs.rename("/d2", "/d2", { overwrite: true }),
    events: [],
    refusal: "OP_UNSUPPORTED",
  },
  {
    id: "N-rename-dir-over",
    act: async ({ fs, home }) => {
      await mkdir(join(home, "d2"));
      await mkdir(join(home, "d5"));
      await fs.rename("/d2", "/d5", { overwrite: true });
    },
    events: [],
    refusal: "OP_UNSUPPORTED",
  },
  {
    id: "N-rmdir-nonempty",
    act: async ({ fs, home }) => {
      await mkdir(join(home, "d2"));
      await writeFile(join(home, "d2/moved.bin"), "");
      await fs.removeDirectory("/d2");
    },
    events: [],
    refusal: "FAILURE",
  },
  {
    id: "N-rmdir",
    act: async ({ fs, home }) => {
      await mkdir(join(home, "d2"));
      await fs.removeDirectory("/d2");
    },
    events: ["rmdir st1 size=0 flags=0 /d2"],
  },
  {
    id: "N-rmdir-file",
    files: { "e.txt": 0 },
    act: ({ fs }) => fs.removeDirectory("/e.txt"),
    events: [],
    refusal: "FAILURE",
  },
  {
    id: "N-delete",
    files: { "moved.bin": 20 },
    act: ({ fs }) => fs.remove("/moved.bin"),
    events: ["pre-delete st1 size=20 flags=0 /moved.bin", "delete st1 size=20 flags=0 /moved.bin"],
    left: {},
  },
  {
    id: "N-delete-missing",
    act: ({ fs }) => fs.remove("/nope.txt"),
    events: [],
    refusal: "NO_SUCH_FILE",
  },
  {
    id: "N-symlink",
    files: { "e.txt": 0 },
    act: ({ fs }) => fs.symlink("e.txt", "/link.txt"),
    events: [],
    refusal: "OP_UNSUPPORTED",
  },
  {
    id: "N-symlink-mode1",
    options: { symlinkMode: 1, activity: NOT_FIRST },
    files: { "t.txt": 100 },
    act: async ({ fs }) => {
      await fs.symlink("/t.txt", "/abs");
      await download(fs, "/abs");
      await fs.remove("/abs");
    },
    events: [
      "pre-download st1 size=0 flags=0 /abs",
      "download st1 size=100 flags=0 /abs",
      "pre-delete st1 size=5 flags=0 /abs",
      "delete st1 size=5 flags=0 /abs",
    ],
    left: { "t.txt": 100 },
  },
  {
    id: "N-chmod, N-chown, N-utimes, N-truncate, N-list, N-statvfs",
    files: { "e.txt": 9 },
    act: async ({ fs }) => {
      await fs.setStat("/e.txt", { mode: 0o600 });
      await fs.setStat("/e.txt", { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
      await fs.setStat("/e.txt", { accessTimeS: 1_000_000_000, modifyTimeS: 1_000_000_000 });
      await fs.setStat("/e.txt", { sizeBytes: 5n });
      await (await fs.openDirectory("/")).close();
      await fs.statVfs("/");
    },
    events: [],
    left: { "e.txt": 5 },
  },
  {
    id: "N-scp-O-up",
    options: { protocol: "SCP", activity: NOT_FIRST },
    act: ({ fs }) => upload(fs, "/s1.txt", 100),
    events: ["pre-upload st1 size=0 flags=512 /s1.txt", "upload st1 size=100 flags=0 /s1.txt"],
  },
  {
    id: "N-scp-O-up-dir",
    options: { protocol: "SCP", activity: NOT_FIRST },
    act: async ({ fs }) => {
      await fs.makeDirectory("/td", {});
      await upload(fs, "/td/1", 1);
    },
    events: ["pre-upload st1 size=0 flags=512 /td/1", "upload st1 size=1 flags=0 /td/1"],
  },
  {
    id: "N-abort-over-mode0",
    files: { "t.txt": 150 },
    act: ({ fs }) => abortedUpload(fs, "/t.txt", 1000),
    events: ["pre-upload st1 size=150 flags=577 /t.txt", "upload st2 size=1000 flags=0 /t.txt"],
    left: { "t.txt": 1000 },
  },
  {
    // SFTPGo's home is empty afterwards; losing the old file is the one thing not done alike.
    id: "N-abort-over-mode1",
    options: { uploadMode: 1, activity: NOT_FIRST },
    files: { "t.txt": 150 },
    act: ({ fs }) => abortedUpload(fs, "/t.txt", 1000),
    events: ["pre-upload st1 size=150 flags=577 /t.txt", "upload st2 size=0 flags=0 /t.txt"],
    left: { "t.txt": 150 },
  },
  {
    id: "N-abort-over-mode2",
    options: { uploadMode: 2, activity: NOT_FIRST },
    files: { "t.txt": 150 },
    act: ({ fs }) => abortedUpload(fs, "/t.txt", 1000),
    events: ["pre-upload st1 size=150 flags=577 /t.txt", "upload st2 size=1000 flags=0 /t.txt"],
    left: { "t.txt": 1000 },
  },
  {
    id: "N2-atomic-upload-over",
    options: { uploadMode: 1, activity: NOT_FIRST },
    files: { "f1.txt": 100 },
    act: ({ fs }) => upload(fs, "/f1.txt", 150),
    events: ["pre-upload st1 size=100 flags=577 /f1.txt", "upload st1 size=150 flags=0 /f1.txt"],
    left: { "f1.txt": 150 },
  },
  {
    id: "N2-atomic-resume",
    options: { uploadMode: 1, activity: NOT_FIRST },
    files: { "resume.bin": 1000 },
    act: ({ fs }) => upload(fs, "/resume.bin", 3000, APPEND, 1000),
    events: ["pre-upload st1 size=1000 flags=65 /resume.bin", "upload st1 size=4000 flags=0 /resume.bin"],
    left: { "resume.bin": 4000 },
  },
];

for (const { id, options = { activity: NOT_FIRST }, files = {}, act, events, refusal, left } of SITUATIONS) {
  test(`sends what SFTPGo sends: ${id}`, async () => {
    await using under = await openTestFileSystem(options);
    for (const [name, size] of Object.entries(files)) await writeFile(join(under.home, name), "x".repeat(size));
    if (refusal === undefined) await act(under);
    else await assert.rejects(act(under), (error) => SftpError.is(error, refusal));
    assert.deepEqual(summarise(under.events), events);
    if (left) assert.deepEqual(await sizesIn(under), left);
  });
}

test("every field of an event is SFTPGo's", async () => {
  await using under = await openTestFileSystem({ activity: NOT_FIRST, user: { role: "r1" } });
  await upload(under.fs, "/z", 100);
  const [pre, done] = under.events.map((entry) => (entry.kind === "fs" ? entry.event : undefined));
  const expected = {
    username: "ann",
    path: join(under.home, "z"),
    targetPath: "",
    virtualPath: "/z",
    virtualTargetPath: "",
    sshCmd: "",
    protocol: "SFTP",
    ip: "192.0.2.7",
    sessionId: "SFTP_ab12_1",
    fsProvider: 0,
    bucket: "",
    endpoint: "",
    openFlags: 0,
    role: "r1",
    metadata: {},
    status: 1,
  };
  const { timestampNs: preTime = 0n, ...preFields } = pre ?? {};
  assert.deepEqual(preFields, { ...expected, action: "pre-upload", fileSizeBytes: 0n, elapsedMs: 0n });
  const { timestampNs: doneTime = 0n, elapsedMs = -1n, ...doneFields } = done ?? {};
  assert.deepEqual(doneFields, { ...expected, action: "upload", fileSizeBytes: 100n });
  assert.ok(elapsedMs >= 0n);
  assert.ok(doneTime > preTime);
});

test("a rename names both paths on disk", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "x");
  await under.fs.rename("/a", "/b", { overwrite: false });
  const [event] = under.events.map((entry) => (entry.kind === "fs" ? entry.event : undefined));
  assert.equal(event?.path, join(under.home, "a"));
  assert.equal(event.targetPath, join(under.home, "b"));
});

test("a path through a link is named as the client named it", async () => {
  await using under = await openTestFileSystem({ activity: NOT_FIRST });
  await mkdir(join(under.home, "real"));
  await symlink("real", join(under.home, "link"));
  await upload(under.fs, "/link/a", 3);
  assert.deepEqual(
    under.events.map((entry) => (entry.kind === "fs" ? entry.event.path : "")),
    [join(under.home, "link/a"), join(under.home, "link/a")],
  );
});

test("a first transfer is announced once in a session, and only after a good one", async () => {
  await using under = await openTestFileSystem();
  await abortedUpload(under.fs, "/a", 10);
  await upload(under.fs, "/a", 10);
  await upload(under.fs, "/b", 10);
  const firsts = summarise(under.events).filter((line) => line.startsWith("first-"));
  assert.deepEqual(firsts, ["first-upload st1 size=10 flags=0 /a"]);
});

test("a copy between handles is a download and an upload", async () => {
  await using under = await openTestFileSystem({ activity: NOT_FIRST });
  await writeFile(join(under.home, "a"), "0123456789");
  const source = await under.fs.open("/a", READ, {});
  const target = await under.fs.open("/b", CREATE, {});
  await source.copyTo?.(target, { position: 0, lengthBytes: 0, targetPosition: 0 });
  await target.close();
  await source.close();
  assert.deepEqual(summarise(under.events), [
    "pre-download st1 size=0 flags=0 /a",
    "pre-upload st1 size=0 flags=0 /b",
    "upload st1 size=10 flags=0 /b",
    "download st1 size=10 flags=0 /a",
  ]);
});

test("a hard link is a copy", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "0123456789");
  await under.fs.hardLink("/a", "/b");
  assert.deepEqual(summarise(under.events), ["copy st1 size=10 flags=0 /a → /b"]);
});

test("a session that ends closes its open files as cut off", async () => {
  const under = await openTestFileSystem({ activity: NOT_FIRST });
  await writeFile(join(under.home, "b"), "x");
  await under.fs.open("/a", CREATE, {});
  await under.fs.open("/b", READ, {});
  await under.close();
  assert.deepEqual(summarise(under.events).toSorted(), [
    "download st2 size=0 flags=0 /b",
    "pre-download st1 size=0 flags=0 /b",
    "pre-upload st1 size=0 flags=0 /a",
    "upload st2 size=0 flags=0 /a",
  ]);
});

async function abortedUpload(fs: TestFileSystem["fs"], path: string, sizeBytes: number): Promise<void> {
  const file = await fs.open(path, CREATE, {});
  if (sizeBytes > 0) await file.write(new Uint8Array(sizeBytes), 0);
  await file.close({ aborted: true });
}

async function sizesIn({ fs, home }: TestFileSystem): Promise<Record<string, number>> {
  const names = await readdir(home);
  const sizes = await Promise.all(names.map(async (name) => Number((await fs.lstat(`/${name}`)).sizeBytes)));
  return Object.fromEntries(names.map((name, index) => [name, sizes[index] ?? -1]));
}
