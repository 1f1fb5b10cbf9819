import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { constants } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Descriptor } from "../../src/files/descriptor.ts";
import { DiskPace } from "../../src/files/disk-pace.ts";

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const FIRST = Buffer.alloc(64 * 1024, 1);
const SMALL = Buffer.from("small");

/** A new file opened directly, on a disk that can be made slow. */
async function openTestFile() {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-descriptor-"));
  let nowMs = 0;
  const pace = new DiskPace(() => nowMs);
  const path = join(directory, "file");
  const file = Descriptor.openDirectly(path, NEW_FILE, pace);
  return {
    file,
    content: () => readFile(path),
    slowDown: () => pace.watch(() => void (nowMs += 1000)),
    async [Symbol.asyncDispose]() {
      await file.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** How many calls `work` gives to the thread pool. */
async function countPooledCalls(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "FSREQCALLBACK") count++;
    },
  }).enable();
  try {
    await work();
    return count;
  } finally {
    hook.disable();
  }
}

test("a small file that was opened directly is written and closed without the pool", async () => {
  await using under = await openTestFile();
  const { file } = under;
  const calls = await countPooledCalls(async () => {
    await file.write(SMALL, 0);
    await file.close();
  });
  assert.equal(calls, 0);
  assert.deepEqual(await under.content(), SMALL);
  await assert.rejects(file.write(SMALL, 0), { code: "FAILURE" });
});

test("what follows the first 64 KiB is left to the pool, and so is the close", async () => {
  await using under = await openTestFile();
  const { file } = under;
  assert.equal(await countPooledCalls(() => file.write(FIRST, 0)), 0);
  assert.equal(await countPooledCalls(() => file.write(SMALL, FIRST.length)), 1);
  assert.equal(await countPooledCalls(() => file.close()), 1);
  assert.deepEqual(await under.content(), Buffer.concat([FIRST, SMALL]));
});

test("while the disk is slow the pool writes and closes", async () => {
  await using under = await openTestFile();
  const { file } = under;
  under.slowDown();
  assert.equal(await countPooledCalls(() => file.write(SMALL, 0)), 1);
  assert.equal(await countPooledCalls(() => file.close()), 1);
  assert.deepEqual(await under.content(), SMALL);
});

test("a direct write that fails is an answer for the client", async (t) => {
  if (process.platform !== "linux") {
    t.skip("only Linux has /dev/full");
    return;
  }
  const full = Descriptor.openDirectly("/dev/full", constants.O_WRONLY, new DiskPace());
  try {
    await assert.rejects(full.write(SMALL, 0), { code: "FAILURE", message: "no space left on device" });
  } finally {
    await full.close();
  }
});
