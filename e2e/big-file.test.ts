/** Files past 4 GiB, where every 32-bit number breaks. */
import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStory } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";

const gibibyte = 2 ** 30;
const sizeBytes = 5 * gibibyte + 12_345;

test(
  "a file of more than 5 GiB goes up and down unchanged",
  { skip: skipWithout("sftp", "ssh-keygen"), timeout: 600_000 },
  async (t) => {
    const { sandbox, openSsh, server, users, events } = await openStory(t, { users: ["ann"] });
    const source = sandbox.path("big.bin");
    await writeSparseFile(source);
    const digest = await hashOf(source);

    // The largest requests and the cheapest cipher: the size is what is tried here.
    const options = { timeoutMs: 300_000, args: ["-c", "aes128-gcm@openssh.com", "-B", "261120"] };
    const up = await openSsh.sftp(server, users.ann.byKey, ["put big.bin"], options);
    assert.equal(up.code, 0, up.stderr);
    assert.equal((await events.waitForFsEvent("upload", "/big.bin")).fileSizeBytes, String(sizeBytes));
    assert.equal(await hashOf(join(users.ann.home, "big.bin")), digest);
    await rm(source);

    const down = await openSsh.sftp(server, users.ann.byKey, ["get big.bin"], options);
    assert.equal(down.code, 0, down.stderr);
    assert.equal((await events.waitForFsEvent("download", "/big.bin")).fileSizeBytes, String(sizeBytes));
    assert.equal(await hashOf(source), digest);
  },
);

/** Holes, with random blocks where an offset would wrap: around 2 and 4 GiB, at both ends and in between. */
async function writeSparseFile(path: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.truncate(sizeBytes);
    const block = Buffer.alloc(1 << 20);
    const middles = [0, 0.7, 2, 3.3, 4, 4.6].map((at) => Math.max(0, at * gibibyte - block.length / 2));
    for (const position of [...middles, sizeBytes - block.length]) {
      await file.write(randomFillSync(block), 0, block.length, Math.floor(position));
    }
  } finally {
    await file.close();
  }
}

/** SHA-256: the machine's own instruction makes it faster than what reads the file. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: 4 << 20, autoClose: false })) {
      hash.update(chunk as Buffer);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}
