import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { SftpError } from "@fairlead/sftp";
import { canOpenLinuxJail } from "../../src/files/jail/linux-jail.ts";
import { CREATE, download, openTestFileSystem, type TestFileSystem, UPDATE, upload } from "./test-file-system.ts";

// Another thread swaps a directory (or a file) of the home with a link to one outside, as fast as it can, while every
// operation is tried over and over. Whatever wins a race, nothing outside may be read, changed, made or removed.

const ROUNDS = 100;
const needsDescriptors = canOpenLinuxJail() ? false : "only jails by descriptors hold in a race";

for (const fixture of ["swap-directory", "swap-file"]) {
  for (const uploadMode of [0, 1] as const) {
    test(
      `nothing leaves the home while ${fixture} runs, upload_mode ${uploadMode}`,
      { skip: needsDescriptors },
      async () => {
        await using under = await openTestFileSystem({ uploadMode, symlinkMode: 1 });
        await mkdir(join(under.home, "swap"));
        await mkdir(under.outside);
        await writeFile(join(under.outside, "file"), "outside");
        await writeFile(join(under.outside, "only-outside"), "outside");
        await writeFile(join(under.home, "spare"), "inside");
        await writeFile(join(under.home, "swap/file"), "inside");
        await using attack = await startSwapping(fixture, under);
        for (let round = 0; round < ROUNDS; round++) await tryEverything(under, round);
        const swaps = await attack.stop();
        assert.ok(swaps > 0, "the attack never ran");
        assert.deepEqual((await readdir(under.outside)).toSorted(), ["file", "only-outside"]);
        assert.equal(await readFile(join(under.outside, "file"), "utf8"), "outside");
      },
    );
  }
}

async function tryEverything({ fs }: TestFileSystem, round: number): Promise<void> {
  const text = await attempt(download(fs, "/swap/file"));
  assert.notEqual(text, "outside");
  await attempt(upload(fs, "/swap/file", 7, UPDATE));
  await attempt(upload(fs, "/swap/file", 7, CREATE));
  await attempt(upload(fs, `/swap/new-${round}`, 7));
  await attempt(fs.makeDirectory(`/swap/dir-${round}`, {}));
  await attempt(fs.removeDirectory(`/swap/dir-${round}`));
  await attempt(fs.rename(`/swap/new-${round}`, `/swap/renamed-${round}`, { overwrite: true }));
  await attempt(fs.remove(`/swap/renamed-${round}`));
  await attempt(fs.symlink("file", `/swap/link-${round}`));
  await attempt(fs.hardLink("/spare", `/swap/hard-${round}`));
  await attempt(fs.setStat("/swap/file", { sizeBytes: 6n }));
  await attempt(fs.setStat("/swap/file", { mode: 0o644, accessTimeS: 1, modifyTimeS: 1 }));
  const stolen = await attempt(fs.rename("/swap/only-outside", "/stolen", { overwrite: true }));
  assert.equal(stolen, "refused");
  const listing = await attempt(listNames(fs, "/swap"));
  if (Array.isArray(listing)) assert.ok(!listing.includes("only-outside"));
}

/** The result, or that it was refused in a way a client may see. */
async function attempt<T>(operation: Promise<T>): Promise<T | "refused"> {
  try {
    return await operation;
  } catch (error) {
    assert.ok(SftpError.is(error), String(error));
    return "refused";
  }
}

async function listNames(fs: TestFileSystem["fs"], path: string): Promise<string[]> {
  const directory = await fs.openDirectory(path);
  const names: string[] = [];
  try {
    for (let batch = await directory.next(100); batch.length > 0; batch = await directory.next(100)) {
      names.push(...batch.map(({ name }) => name));
    }
  } finally {
    await directory.close();
  }
  return names;
}

async function startSwapping(fixture: string, { home, outside }: TestFileSystem) {
  const control = new SharedArrayBuffer(8);
  const state = new Int32Array(control);
  const worker = new Worker(new URL(`../fixtures/${fixture}.ts`, import.meta.url), {
    workerData: { home, outside, control },
  });
  const ended = new Promise<void>((resolve, reject) => {
    worker.once("exit", () => resolve());
    worker.once("error", reject);
  });
  await Promise.race([Atomics.waitAsync(state, 1, 0).value, ended]);
  /** How often it swapped. */
  const stop = async () => {
    Atomics.store(state, 0, 1);
    await ended;
    return Atomics.load(state, 1);
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      Atomics.store(state, 0, 1);
      await worker.terminate();
    },
  };
}
