import assert from "node:assert/strict";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { SftpError } from "@fairlead/sftp";
import { FairleadError } from "../../src/domain/fairlead-error.ts";
import { parseUser } from "../../src/domain/user.ts";
import { createDiskQuotaLedger } from "../../src/files/disk-quota-ledger.ts";
import {
  APPEND,
  CREATE,
  openTestFileSystem,
  READ,
  summarise,
  type TestFileSystem,
  type TestOptions,
  UPDATE,
  upload,
} from "./test-file-system.ts";

const NOT_FIRST = {
  markFirstUpload: () => Promise.resolve(false),
  markFirstDownload: () => Promise.resolve(false),
};
const QUOTA = { quota_size: 1000, quota_files: 3 };

test("Q-rplus: a quota user's event tells the file's size", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/q1", 100);
  await upload(under.fs, "/q1", 10, UPDATE, 5);
  await upload(under.fs, "/q1", 20, APPEND, 100);
  assert.deepEqual(summarise(under.events), [
    "pre-upload st1 size=0 flags=0 /q1",
    "upload st1 size=100 flags=0 /q1",
    "pre-upload st1 size=100 flags=2 /q1",
    "upload st1 size=100 flags=0 /q1",
    "pre-upload st1 size=100 flags=65 /q1",
    "upload st1 size=120 flags=0 /q1",
  ]);
});

test("Q-sparse: a gap counts", async () => {
  await using under = await openQuota({ user: { quota_size: 2000 } });
  await upload(under.fs, "/q2", 10, CREATE, 1000);
  assert.deepEqual(summarise(under.events).at(-1), "upload st1 size=1010 flags=0 /q2");
});

test("Q-over-size: what grows over the quota fails at the write and at CLOSE, and is removed", async () => {
  await using under = await openQuota();
  await tooLarge(under, "/q3");
  assert.deepEqual(summarise(under.events), ["pre-upload st1 size=0 flags=0 /q3", "upload st3 size=0 flags=0 /q3"]);
  assert.deepEqual(await readdir(under.home), []);
  await upload(under.fs, "/fits", 1000);
});

test("Q-over-size-existing: also when it was there before", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/q1", 120);
  under.events.length = 0;
  await tooLarge(under, "/q1");
  assert.deepEqual(summarise(under.events), ["pre-upload st1 size=120 flags=577 /q1", "upload st3 size=0 flags=0 /q1"]);
  assert.deepEqual(await readdir(under.home), []);
  await upload(under.fs, "/fits", 1000);
});

test("an atomic upload over the quota leaves the old file, and counts it", async () => {
  await using under = await openQuota({ uploadMode: 1 });
  await upload(under.fs, "/q1", 120);
  await tooLarge(under, "/q1");
  assert.deepEqual(await readdir(under.home), ["q1"]);
  assert.equal((await stat(join(under.home, "q1"))).size, 120);
  await refuses(upload(under.fs, "/more", 881));
  await upload(under.fs, "/fits", 880);
});

test("N-quota-files: a file too many is refused at OPEN, without event", async () => {
  await using under = await openQuota();
  for (const path of ["/1", "/2", "/3"]) await upload(under.fs, path, 1);
  under.events.length = 0;
  await refuses(under.fs.open("/4", CREATE, {}));
  assert.deepEqual(under.events, []);
  assert.equal((await readdir(under.home)).length, 3);
});

test("N-quota-overwrite-at-limit: an existing file may still be replaced", async () => {
  await using under = await openQuota();
  for (const path of ["/1", "/2", "/3"]) await upload(under.fs, path, 100);
  await upload(under.fs, "/1", 150);
  assert.equal(summarise(under.events).at(-1), "upload st1 size=150 flags=0 /1");
});

test("a full quota refuses every upload at OPEN", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/1", 1000);
  await refuses(under.fs.open("/2", CREATE, {}));
  await refuses(under.fs.open("/1", CREATE, {}));
});

test("deleting, shrinking and renaming over give room back", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/1", 600);
  await upload(under.fs, "/2", 400);
  await under.fs.rename("/2", "/1", { overwrite: true });
  await under.fs.setStat("/1", { sizeBytes: 100n });
  await upload(under.fs, "/2", 900);
  await under.fs.remove("/2");
  await upload(under.fs, "/3", 900);
  await refuses(under.fs.setStat("/3", { sizeBytes: 901n }));
});

test("sizes set on a handle count like writes", async () => {
  await using under = await openQuota();
  const file = await under.fs.open("/1", CREATE, {});
  await file.setStat({ sizeBytes: 900n });
  await file.setStat({ sizeBytes: 100n });
  await file.write(new Uint8Array(900), 100);
  await refuses(file.setStat({ sizeBytes: 1001n }));
  await refuses(file.close());
});

test("two sessions of a user share one count", async () => {
  const quotas = createDiskQuotaLedger();
  await using one = await openQuota({ quotas });
  await using two = await openQuota({ quotas, home: one.home });
  await upload(one.fs, "/1", 600);
  await refuses(upload(two.fs, "/2", 600));
});

test("uploads at the same time cannot pass the quota together", async () => {
  await using under = await openQuota();
  const files = [await under.fs.open("/1", CREATE, {}), await under.fs.open("/2", CREATE, {})];
  const writes = await Promise.allSettled(files.map((file) => file.write(new Uint8Array(600), 0)));
  assert.deepEqual(writes.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  await Promise.allSettled(files.map((file) => file.close()));
});

test("what is in the home at first counts, links and directories do not", async () => {
  await using under = await openTestFileSystem();
  await mkdir(join(under.home, "d/e"), { recursive: true });
  await writeFile(join(under.home, "d/e/a"), "x".repeat(300));
  await writeFile(join(under.home, "b"), "x".repeat(200));
  const counter = await createDiskQuotaLedger().open(
    parseUser({ username: "ann", home_dir: under.home, quota_size: 1 }),
  );
  assert.deepEqual(counter.usage, { files: 2, sizeBytes: 500 });
});

test("a home of many files is counted whole", async () => {
  await using under = await openTestFileSystem();
  for (let index = 0; index < 600; index++) await writeFile(join(under.home, `f${index}`), "xy");
  const counter = await createDiskQuotaLedger().open(parseUser({ username: "ann", home_dir: under.home }));
  assert.deepEqual(counter.usage, { files: 600, sizeBytes: 1200 });
});

test("statvfs tells the quota as the size of the disk", async () => {
  await using under = await openQuota({ user: { quota_size: 10 * 4096, quota_files: 7 } });
  await upload(under.fs, "/1", 4096);
  const vfs = await under.fs.statVfs("/");
  assert.equal(vfs.blocks * vfs.fragmentSizeBytes, 10n * 4096n);
  assert.equal(vfs.availableBlocks * vfs.fragmentSizeBytes, 9n * 4096n);
  assert.equal(vfs.files, 7n);
  assert.equal(vfs.freeFiles, 6n);
});

test("Q-max-upload: a file over max_upload_file_size fails and is removed", async () => {
  await using under = await openTestFileSystem({
    activity: NOT_FIRST,
    user: { filters: { max_upload_file_size: 120 } },
  });
  await upload(under.fs, "/m1", 120);
  await refuses(upload(under.fs, "/m2", 121));
  await refuses(upload(under.fs, "/m1", 1, APPEND));
  assert.deepEqual(summarise(under.events), [
    "pre-upload st1 size=0 flags=0 /m1",
    "upload st1 size=120 flags=0 /m1",
    "pre-upload st1 size=0 flags=0 /m2",
    "upload st3 size=0 flags=0 /m2",
  ]);
  assert.deepEqual(await readdir(under.home), ["m1"]);
  await refuses(under.fs.setStat("/m1", { sizeBytes: 121n }));
});

test("an append over the quota leaves what the file had", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/1", 600);
  const file = await under.fs.open("/1", APPEND, {});
  await file.write(new Uint8Array(300), 600);
  await refuses(file.write(new Uint8Array(300), 900));
  await refuses(file.close());
  assert.equal(summarise(under.events).at(-1), "upload st3 size=600 flags=0 /1");
  assert.equal((await stat(join(under.home, "1"))).size, 600);
  await refuses(upload(under.fs, "/2", 401));
  await upload(under.fs, "/3", 400);
});

test("a session cut off after its upload failed says nothing more", async () => {
  await using under = await openQuota();
  const file = await under.fs.open("/1", CREATE, {});
  await refuses(file.write(new Uint8Array(1001), 0));
  await file.close({ aborted: true });
  assert.equal(summarise(under.events).at(-1), "upload st3 size=0 flags=0 /1");
});

test("what took the place of an upload over quota is not removed", async () => {
  await using under = await openQuota();
  const file = await under.fs.open("/1", CREATE, {});
  await refuses(file.write(new Uint8Array(1001), 0));
  await under.fs.rename("/1", "/moved", { overwrite: false });
  await writeFile(join(under.home, "1"), "another");
  await refuses(file.close());
  assert.deepEqual((await readdir(under.home)).toSorted(), ["1", "moved"]);
});

test("reading is not limited", async () => {
  await using under = await openQuota();
  await upload(under.fs, "/1", 1000);
  await (await under.fs.open("/1", READ, {})).close();
});

test("a user with a quota is refused when nothing counts", async () => {
  await assert.rejects(openTestFileSystem({ user: QUOTA }), (error) => FairleadError.is(error, "ERR_INVALID_USER"));
});

for (const [field, document] of Object.entries({
  "filesystem.provider": { filesystem: { provider: 4 } },
  virtual_folders: { virtual_folders: [{ name: "f", virtual_path: "/f" }] },
  upload_data_transfer: { upload_data_transfer: 1 },
  download_data_transfer: { download_data_transfer: 1 },
  total_data_transfer: { total_data_transfer: 1 },
  home_dir: { home_dir: "relative" },
})) {
  test(`a user with ${field} that cannot be kept is refused, and told why`, async () => {
    await assert.rejects(
      openTestFileSystem({ user: document }),
      (error) => FairleadError.is(error, "ERR_INVALID_USER") && JSON.stringify(error.details).includes(field),
    );
  });
}

function openQuota(options: TestOptions = {}): Promise<TestFileSystem> {
  return openTestFileSystem({
    activity: NOT_FIRST,
    quotas: createDiskQuotaLedger(),
    ...options,
    user: options.user ?? QUOTA,
  });
}

async function tooLarge({ fs }: TestFileSystem, path: string): Promise<void> {
  const file = await fs.open(path, CREATE, {});
  await file.write(new Uint8Array(600), 0);
  await refuses(file.write(new Uint8Array(600), 600));
  await refuses(file.write(new Uint8Array(1), 0));
  await refuses(file.close());
}

async function refuses(operation: Promise<unknown>): Promise<void> {
  await assert.rejects(
    operation,
    (error) => SftpError.is(error, "FAILURE") && error.message === "denying write due to space limit",
  );
}
