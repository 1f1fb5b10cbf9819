import assert from "node:assert/strict";
import { link, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FileHandle, SftpError } from "@fairlead/sftp";
import { parseUser } from "../../src/domain/user.ts";
import { createDiskQuotaLedger } from "../../src/files/disk-quota-ledger.ts";
import type { QuotaLedger } from "../../src/files/quota.ts";
import { APPEND, CREATE, openTestFileSystem, READ, type TestFileSystem, UPDATE, upload } from "./test-file-system.ts";

const QUOTA = { quota_size: 1000, quota_files: 10 };
const LIMIT_BYTES = QUOTA.quota_size;

interface Attempt {
  readonly name: string;
  readonly uploadMode?: 0 | 1 | 2;
  /** Tries to store more than the quota. `round` counts from 0. */
  readonly act: (under: TestFileSystem, round: number) => Promise<unknown>;
}

/** Ways to have bytes counted once and stored twice, each tried again and again. */
const ATTEMPTS: readonly Attempt[] = [
  {
    name: "a file emptied by its path while a handle writes",
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 900);
      const file = await fs.open(`/f${round}`, UPDATE, {});
      await fs.setStat(`/f${round}`, { sizeBytes: 0n });
      await tryWrite(file, 900);
      await file.close();
    },
  },
  {
    name: "a second name of an empty file, removed when the file has grown",
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 0);
      await fs.hardLink(`/f${round}`, "/second");
      const file = await fs.open(`/f${round}`, UPDATE, {});
      await tryWrite(file, 900);
      await file.close();
      await fs.remove("/second");
    },
  },
  {
    name: "a file emptied by one handle while another writes",
    act: async ({ fs }, round) => {
      const one = await fs.open(`/f${round}`, CREATE, {});
      await tryWrite(one, 900);
      const other = await fs.open(`/f${round}`, CREATE, {});
      await tryWrite(one, 900);
      await one.close();
      await other.close();
    },
  },
  {
    name: "a rename onto a second name of the same file",
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 400);
      await fs.hardLink(`/f${round}`, `/l${round}`);
      for (let time = 0; time < 3; time++) await fs.rename(`/f${round}`, `/l${round}`, { overwrite: true });
    },
  },
  {
    name: "a handle that shrinks the file below another",
    act: async ({ fs }, round) => {
      const one = await fs.open(`/f${round}`, CREATE, {});
      const other = await fs.open(`/f${round}`, UPDATE, {});
      await tryWrite(one, 900);
      await other.setStat({ sizeBytes: 0n });
      await tryWrite(one, 900);
      await one.close();
      await other.close();
    },
  },
  {
    name: "a file removed while a handle writes",
    act: async ({ fs }, round) => {
      const file = await fs.open(`/f${round}`, CREATE, {});
      await tryWrite(file, 900);
      await fs.remove(`/f${round}`);
      await tryWrite(await fs.open(`/g${round}`, CREATE, {}), 900);
    },
  },
  {
    name: "a file renamed over while a handle writes",
    act: async ({ fs }, round) => {
      const file = await fs.open(`/f${round}`, CREATE, {});
      await tryWrite(file, 500);
      await upload(fs, "/small", 10);
      await fs.rename("/small", `/f${round}`, { overwrite: true });
      await tryWrite(file, 900);
      await tryWrite(await fs.open(`/g${round}`, CREATE, {}), 900);
    },
  },
  {
    name: "two writes at the ends of a file that is emptied between them",
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 10);
      const file = await fs.open(`/f${round}`, UPDATE, {});
      await Promise.allSettled([
        file.write(new Uint8Array(10), 890),
        fs.setStat(`/f${round}`, { sizeBytes: 0n }),
        file.write(new Uint8Array(10), 890),
      ]);
      await tryWrite(await fs.open(`/g${round}`, CREATE, {}), 900);
    },
  },
  {
    name: "a failed upload that gives a file its old size back",
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 900);
      const file = await fs.open(`/f${round}`, UPDATE, {});
      await fs.setStat(`/f${round}`, { sizeBytes: 0n });
      await upload(fs, `/g${round}`, 900);
      await refuses(file.write(new Uint8Array(1), 2000));
      await refuses(file.close());
    },
  },
  {
    name: "many atomic uploads over one file",
    uploadMode: 1,
    act: async ({ fs }, round) => {
      await upload(fs, "/f", 400);
      const files = [await fs.open("/f", CREATE, {}), await fs.open("/f", CREATE, {}), await fs.open("/f", CREATE, {})];
      for (const file of files) await tryWrite(file, 400);
      await fs.hardLink("/f", `/l${round}`);
      await Promise.allSettled(files.map((file) => file.close()));
    },
  },
  {
    name: "atomic uploads that are cut off after their room was used",
    uploadMode: 1,
    act: async ({ fs }, round) => {
      if (round === 0) await upload(fs, "/f0", 900);
      const file = await fs.open(`/f${round}`, { ...CREATE, create: false }, {});
      await tryWrite(await fs.open(`/f${round + 1}`, CREATE, {}), 900);
      await file.close({ aborted: true });
    },
  },
  {
    name: "an atomic upload over a file that is emptied meanwhile",
    uploadMode: 2,
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 900);
      const file = await fs.open(`/f${round}`, CREATE, {});
      await fs.setStat(`/f${round}`, { sizeBytes: 0n });
      await tryWrite(file, 900);
      await tryWrite(await fs.open(`/g${round}`, CREATE, {}), 900);
      await file.close();
    },
  },
  {
    name: "a file that is emptied while one of two atomic uploads over it is left",
    uploadMode: 1,
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 900);
      const file = await fs.open(`/f${round}`, CREATE, {});
      await (await fs.open(`/f${round}`, CREATE, {})).close({ aborted: true });
      await fs.setStat(`/f${round}`, { sizeBytes: 0n });
      await tryWrite(file, 900);
      await upload(fs, `/g${round}`, 900).catch(mustBeRefusal);
      await file.close();
    },
  },
  {
    name: "an atomic upload over a file that gets another name meanwhile",
    uploadMode: 1,
    act: async ({ fs }, round) => {
      await upload(fs, `/f${round}`, 900);
      const file = await fs.open(`/f${round}`, CREATE, {});
      await tryWrite(file, 900);
      await fs.rename(`/f${round}`, `/g${round}`, { overwrite: false });
      await file.close();
    },
  },
  {
    name: "an atomic upload whose hidden file gets a name that lasts",
    uploadMode: 1,
    act: async ({ fs, home }, round) => {
      await upload(fs, "/f", 900);
      const file = await fs.open("/f", CREATE, {});
      await tryWrite(file, 900);
      for (const name of (await readdir(home)).filter((one) => one !== "f")) {
        await fs.hardLink(`/${name}`, `/l${round}`).catch(mustBeRefusal);
        await fs.rename(`/${name}`, `/r${round}`, { overwrite: true }).catch(mustBeRefusal);
      }
      await file.close({ aborted: true });
    },
  },
  {
    name: "an atomic upload whose hidden file is removed",
    uploadMode: 1,
    act: async ({ fs, home }) => {
      await upload(fs, "/f", 10);
      const file = await fs.open("/f", CREATE, {});
      for (const name of await readdir(home)) if (name !== "f") await fs.remove(`/${name}`);
      await file.close();
    },
  },
];

for (const { name, uploadMode, act } of ATTEMPTS) {
  test(`no way past the quota: ${name}`, async () => {
    const quotas = createDiskQuotaLedger();
    const under = await openQuota({ quotas, uploadMode: uploadMode ?? 0 });
    try {
      // Once the quota is full, the attempts fail one way or the other.
      for (let round = 0; round < 4; round++) await act(under, round).catch(mustBeRefusal);
      const before = await onDisk(under.home);
      assert.ok(before.sizeBytes <= LIMIT_BYTES, `${before.sizeBytes} bytes are stored`);
      await under.fs[Symbol.asyncDispose]();
      assert.deepEqual((await counterOf(quotas, under.home)).usage, await onDisk(under.home));
    } finally {
      await under.close();
    }
  });
}

test("a second name counts as a file without bytes", async () => {
  await using under = await openQuota({ user: { quota_size: 1000, quota_files: 3 } });
  await upload(under.fs, "/1", 900);
  await under.fs.hardLink("/1", "/2");
  await under.fs.hardLink("/1", "/3");
  await refuses(under.fs.hardLink("/1", "/4"));
  await refuses(under.fs.open("/4", CREATE, {}));
  await under.fs.remove("/1");
  await under.fs.remove("/2");
  await refuses(upload(under.fs, "/5", 101));
  await under.fs.remove("/3");
  await upload(under.fs, "/6", 1000);
});

test("names of one file are counted once at first too", async () => {
  await using under = await openTestFileSystem();
  await writeFile(join(under.home, "a"), "x".repeat(300));
  await link(join(under.home, "a"), join(under.home, "b"));
  assert.deepEqual((await counterOf(createDiskQuotaLedger(), under.home)).usage, { files: 2, sizeBytes: 300 });
});

test("what is removed while it is open counts until it is closed", async () => {
  await using under = await openQuota();
  const file = await under.fs.open("/a", CREATE, {});
  await file.write(new Uint8Array(900), 0);
  await under.fs.remove("/a");
  await refuses(upload(under.fs, "/b", 900));
  await file.close();
  await upload(under.fs, "/b", 900);
});

test("what is removed while it is read counts until it is closed", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/a", 900);
  const file = await under.fs.open("/a", READ, {});
  await under.fs.remove("/a");
  await refuses(upload(under.fs, "/b", 900));
  await file.close();
  await upload(under.fs, "/b", 900);
});

test("a directory that is removed while it is open gives no bytes back", async () => {
  const quotas = createDiskQuotaLedger();
  await using under = await openQuota({ quotas });
  await upload(under.fs, "/a", 900);
  await under.fs.makeDirectory("/d", {});
  const directory = await under.fs.open("/d", READ, {});
  await under.fs.removeDirectory("/d");
  await directory.close();
  assert.deepEqual((await counterOf(quotas, under.home)).usage, { files: 1, sizeBytes: 900 });
});

test("two handles that write the same bytes are counted once", async () => {
  await using under = await openQuota();
  const files = [await under.fs.open("/a", CREATE, {}), await under.fs.open("/a", UPDATE, {})];
  for (const file of files) await file.write(new Uint8Array(900), 0);
  for (const file of files) await file.close();
  await upload(under.fs, "/a", 50, APPEND);
});

test("upload_mode 1: a file can be replaced by one as large when both would not fit", async () => {
  const quotas = createDiskQuotaLedger();
  await using under = await openQuota({ quotas, uploadMode: 1 });
  await upload(under.fs, "/a", 900);
  await upload(under.fs, "/a", 1000);
  assert.deepEqual((await counterOf(quotas, under.home)).usage, { files: 1, sizeBytes: 1000 });
});

test("upload_mode 1: at the file limit a file can be replaced", async () => {
  const quotas = createDiskQuotaLedger();
  await using under = await openQuota({ quotas, uploadMode: 1, user: { quota_files: 1 } });
  await upload(under.fs, "/a", 1);
  await upload(under.fs, "/a", 2);
  await refuses(under.fs.open("/b", CREATE, {}));
  assert.deepEqual((await counterOf(quotas, under.home)).usage, { files: 1, sizeBytes: 2 });
});

test("names taken and given at once are counted as they end", async () => {
  const quotas = createDiskQuotaLedger();
  await using under = await openQuota({ quotas, user: { quota_size: 100_000, quota_files: 1000 } });
  const { fs } = under;
  const work = Array.from({ length: 40 }, async (_, index) => {
    await upload(fs, `/f${index % 5}`, index);
    await fs.hardLink(`/f${index % 5}`, `/l${index % 3}`);
    await fs.rename(`/l${index % 3}`, `/f${(index + 1) % 5}`, { overwrite: true });
    if (index % 2 === 0) await fs.remove(`/f${index % 5}`);
  });
  await Promise.allSettled(work);
  assert.deepEqual((await counterOf(quotas, under.home)).usage, await onDisk(under.home));
});

interface QuotaOptions {
  readonly quotas?: QuotaLedger;
  readonly uploadMode?: 0 | 1 | 2;
  readonly user?: Readonly<Record<string, unknown>>;
}

function openQuota(options: QuotaOptions = {}): Promise<TestFileSystem> {
  return openTestFileSystem({ quotas: createDiskQuotaLedger(), ...options, user: options.user ?? QUOTA });
}

function counterOf(quotas: QuotaLedger, home: string) {
  return quotas.open(parseUser({ username: "ann", home_dir: home }));
}

/** Names, and the bytes of the files they name. */
async function onDisk(home: string) {
  const found = await Promise.all((await readdir(home)).map((name) => stat(join(home, name))));
  const sizes = new Map(found.map(({ ino, size }) => [ino, size]));
  return { files: found.length, sizeBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

async function tryWrite(file: FileHandle, sizeBytes: number): Promise<void> {
  await file.write(new Uint8Array(sizeBytes), 0).catch(mustBeRefusal);
}

function mustBeRefusal(error: unknown): void {
  assert.ok(SftpError.is(error), String(error));
}

async function refuses(operation: Promise<unknown>): Promise<void> {
  await assert.rejects(
    operation,
    (error) => SftpError.is(error, "FAILURE") && error.message === "denying write due to space limit",
  );
}
