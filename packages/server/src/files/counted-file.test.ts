import assert from "node:assert/strict";
import type { BigIntStats } from "node:fs";
import { test } from "node:test";
import { CountedFile } from "./counted-file.ts";

test("a file removed between its open and its hold is counted again, and given back once", async () => {
  const { file, disk, counted, look } = createFile({ sizeBytes: 900, names: 0, countedBytes: 0 });
  await file.hold(look);
  assert.equal(counted(), 900);
  disk.sizeBytes = 950;
  assert.ok(file.tryBegin(950, 100));
  file.end();
  await file.release(look);
  assert.equal(counted(), 0);
});

test("a look from before somebody came and left is not believed", async () => {
  const { file, disk, counted, look } = createFile({ sizeBytes: 100 });
  await file.hold(look);
  let looks = 0;
  await file.release(async () => {
    const seen = await look();
    if (looks++ > 0) return seen;
    await file.hold(look);
    assert.ok(file.tryBegin(700, 1000));
    disk.sizeBytes = 700;
    file.end();
    await file.release(look);
    return seen;
  });
  assert.equal(looks, 2);
  assert.equal(counted(), 700);
});

test("a cut counts from where a change at the same time may have ended", async () => {
  const { file, counted, look } = createFile({ sizeBytes: 0 });
  await file.hold(look);
  assert.ok(file.tryBegin(0, 1000));
  assert.ok(file.tryBegin(900, 1000));
  file.end(0);
  assert.equal(counted(), 900);
  file.end();
  assert.ok(file.tryBegin(10, 0));
  file.end(10);
  assert.equal(counted(), 10);
});

test("what still runs when the file is let go counts as done", async () => {
  const { file, counted, look } = createFile({ sizeBytes: 0 });
  await file.hold(look);
  assert.ok(file.tryBegin(900, 1000));
  await file.release(look);
  assert.equal(counted(), 900);
  file.end(0);
  assert.equal(counted(), 900);
});

test("a file lends its bytes to one only, and gives none away meanwhile", async () => {
  const { file, counted, look } = createFile({ sizeBytes: 900 });
  await file.hold(look);
  assert.equal(file.lend(), 900);
  assert.equal(file.lend(), undefined);
  assert.ok(file.tryBegin(0, 0));
  file.end(0);
  assert.equal(counted(), 900);
  file.takeBack();
  assert.equal(file.lend(), 900);
});

test("what was borrowed is counted when it is paid, if there is room", async () => {
  const { file, counted, look } = createFile({ sizeBytes: 0 });
  await file.hold(look);
  file.borrow(600);
  assert.ok(!file.tryBegin(701, 100));
  assert.ok(file.tryBegin(700, 100));
  file.end();
  assert.equal(counted(), 100);
  assert.ok(!file.tryRepay(599));
  assert.equal(counted(), 100);
  assert.ok(file.tryRepay(600));
  assert.equal(counted(), 700);
});

test("is forgotten when nobody holds it, also when it can no longer be seen", async () => {
  const { file, look, forgotten } = createFile({ sizeBytes: 1 });
  await file.hold(look);
  await file.hold(look);
  await file.release(look);
  assert.equal(forgotten(), 0);
  await assert.rejects(file.release(() => Promise.reject(new Error("gone"))));
  assert.equal(forgotten(), 1);
});

interface FileOnDisk {
  sizeBytes: number;
  names?: number;
  /** What of it the quota counts at first; its size by default. */
  countedBytes?: number;
}

function createFile(disk: FileOnDisk) {
  let counted = disk.countedBytes ?? disk.sizeBytes;
  let forgotten = 0;
  const file = new CountedFile({
    add: (sizeBytes) => {
      counted += sizeBytes;
    },
    forget: () => {
      forgotten++;
    },
  });
  const look = () =>
    Promise.resolve({ size: BigInt(disk.sizeBytes), nlink: BigInt(disk.names ?? 1) } as unknown as BigIntStats);
  return { file, disk, look, counted: () => counted, forgotten: () => forgotten };
}
