import assert from "node:assert/strict";
import { constants, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Descriptor } from "../../src/files/descriptor.ts";
import { DiskPace } from "../../src/files/disk-pace.ts";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const skip = process.platform === "linux" ? false : "files are used directly on Linux only";
const SMALL = Buffer.from("small");

async function openTestFile({ slow = false } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-descriptor-"));
  let nowMs = 0;
  const pace = new DiskPace(() => nowMs);
  const path = join(directory, "file");
  const file = Descriptor.openDirectly(path, NEW_FILE, pace);
  if (slow) pace.watch(() => void (nowMs += 1000));
  return {
    file,
    /** What is in the file at this moment, before the pool could have done anything. */
    content: () => readFileSync(path),
    async [Symbol.asyncDispose]() {
      await file.close();
      await rm(directory, { recursive: true });
    },
  };
}

test("the first bytes of a file that was opened directly are written before the call returns", async () => {
  await using under = await openTestFile();
  const written = under.file.write(SMALL, 0);
  assert.deepEqual(under.content(), SMALL);
  await written;
});

test("what follows the first 64 KiB is left to the pool", async () => {
  await using under = await openTestFile();
  const first = Buffer.alloc(64 * 1024, 1);
  await under.file.write(first, 0);
  const written = under.file.write(SMALL, first.length);
  assert.equal(under.content().length, first.length);
  await written;
  assert.deepEqual(under.content(), Buffer.concat([first, SMALL]));
});

test("while the disk is slow the pool writes", async () => {
  await using under = await openTestFile({ slow: true });
  const written = under.file.write(SMALL, 0);
  assert.equal(under.content().length, 0);
  await written;
  assert.deepEqual(under.content(), SMALL);
});

test(
  "a file that was written directly is closed before the call returns, and takes nothing more",
  { skip },
  async () => {
    await using under = await openTestFile();
    await under.file.write(SMALL, 0);
    const closed = under.file.close();
    assert.throws(() => readFileSync(`/proc/self/fd/${under.file.fd}`), { code: "ENOENT" });
    await closed;
    await assert.rejects(under.file.write(SMALL, 0), { code: "FAILURE" });
  },
);

test("a direct write that fails is an answer for the client", { skip }, async () => {
  const full = Descriptor.openDirectly("/dev/full", constants.O_WRONLY, new DiskPace());
  try {
    await assert.rejects(full.write(SMALL, 0), { code: "FAILURE", message: "no space left on device" });
  } finally {
    await full.close();
  }
});
