import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostEvent } from "@fairlead/plugin-host";
import { type FileSystem, SftpError } from "@fairlead/sftp";
import { CREATE, createMemoryLogger, openTestFileSystem, READ, type TestOptions, upload } from "./test-file-system.ts";

/** A file system whose events are safe when the test says so. */
async function openHeld(options: TestOptions = {}) {
  const holds: { readonly action: string; readonly settle: PromiseWithResolvers<void> }[] = [];
  const refused = new Set<string>();
  let isEnding = false;
  const under = await openTestFileSystem({
    ...options,
    hub: {
      publishDurably(event: HostEvent) {
        if (isEnding) return undefined;
        const settle = Promise.withResolvers<void>();
        holds.push({ action: event.kind === "fs" ? event.event.action : event.kind, settle });
        return settle.promise;
      },
      isRefusing: (action) => refused.has(action),
    },
  });
  const actions = (): readonly string[] => holds.map(({ action }) => action);
  const release = (): void => {
    for (const { settle } of holds.splice(0)) settle.resolve();
  };
  const fail = (): void => {
    for (const { settle } of holds.splice(0)) settle.reject(new Error("the disk is full"));
  };
  /** What the end of the session tells is not held: nobody would release it. */
  const end = async (): Promise<void> => {
    isEnding = true;
    release();
    await under.close();
  };
  return { ...under, [Symbol.asyncDispose]: end, refused, actions, release, fail };
}

type Held = Awaited<ReturnType<typeof openHeld>>;

/** Long enough for everything that does not wait for an event. */
const moment = 30;

async function settledAfterAMoment(outcome: Promise<unknown>): Promise<boolean> {
  const isSettled = outcome.then(
    () => true,
    () => true,
  );
  return await Promise.race([isSettled, sleep(moment, false)]);
}

interface Operation {
  readonly name: string;
  readonly prepare?: (held: Held) => Promise<unknown>;
  readonly ask: (fs: FileSystem) => Promise<unknown>;
  readonly tells: readonly string[];
}

async function put({ fs, release }: Held): Promise<void> {
  const writing = upload(fs, "/f", 1);
  for (let step = 0; step < 4; step++) {
    await sleep(moment / 3);
    release();
  }
  await writing;
}

const operations: readonly Operation[] = [
  { name: "OPEN for writing", ask: (fs) => fs.open("/new", CREATE, {}), tells: ["pre-upload"] },
  { name: "OPEN for reading", prepare: put, ask: (fs) => fs.open("/f", READ, {}), tells: ["pre-download"] },
  { name: "OPEN of what is not there", ask: (fs) => fs.open("/none", READ, {}), tells: ["pre-download"] },
  { name: "REMOVE", prepare: put, ask: (fs) => fs.remove("/f"), tells: ["pre-delete", "delete"] },
  {
    name: "RENAME",
    prepare: put,
    ask: (fs) => fs.rename("/f", "/g", { overwrite: false }),
    tells: ["rename"],
  },
  { name: "MKDIR", ask: (fs) => fs.makeDirectory("/d", {}), tells: ["mkdir"] },
  {
    name: "RMDIR",
    prepare: ({ home }) => mkdir(`${home}/d`),
    ask: (fs) => fs.removeDirectory("/d"),
    tells: ["rmdir"],
  },
];

for (const { name, prepare, ask, tells } of operations) {
  test(`the reply to ${name} waits until its events are safe`, async () => {
    await using held = await openHeld();
    await prepare?.(held);
    held.release();
    const outcome = ask(held.fs);
    outcome.catch(() => undefined);
    assert.equal(await settledAfterAMoment(outcome), false);
    assert.deepEqual(held.actions(), tells);
    held.release();
    assert.equal(await settledAfterAMoment(outcome), true);
  });
}

test("the reply to CLOSE waits for the upload's event and for that of the first upload", async () => {
  await using held = await openHeld();
  const opening = held.fs.open("/f", CREATE, {});
  await sleep(moment);
  held.release();
  const file = await opening;
  const closing = file.close();
  assert.equal(await settledAfterAMoment(closing), false);
  assert.deepEqual(held.actions(), ["upload", "first-upload"]);
  held.release();
  await closing;
});

test("the reply to CLOSE of a download waits, too", async () => {
  await using held = await openHeld();
  await put(held);
  const opening = held.fs.open("/f", READ, {});
  await sleep(moment);
  held.release();
  const file = await opening;
  await file.read(Buffer.alloc(1), 0);
  const closing = file.close();
  assert.equal(await settledAfterAMoment(closing), false);
  assert.deepEqual(held.actions(), ["download", "first-download"]);
  held.release();
  await closing;
});

test("what tells no event does not wait for those of others", async () => {
  await using held = await openHeld();
  const making = held.fs.makeDirectory("/d", {});
  await sleep(moment);
  assert.equal(await settledAfterAMoment(held.fs.stat("/")), true);
  held.release();
  await making;
});

test("an event that could not be put down is a failure to the client, and said in the log", async () => {
  const logger = createMemoryLogger();
  await using held = await openHeld({ logger });
  const making = held.fs.makeDirectory("/d", {});
  await sleep(moment);
  held.fail();
  await assert.rejects(making, (error) => SftpError.is(error, "FAILURE") && /could not record/.test(error.message));
  assert.deepEqual(await readdir(held.home), ["d"]);
  assert.ok(logger.lines.some(({ level, message }) => level === "error" && message === "event not recorded"));
});

test("an upload whose event could not be put down fails at CLOSE; its beginning alone does not make it fail", async () => {
  await using held = await openHeld();
  const opening = held.fs.open("/f", CREATE, {});
  await sleep(moment);
  held.fail();
  const file = await opening;
  const closing = file.close();
  await sleep(moment);
  held.fail();
  await assert.rejects(closing, (error) => SftpError.is(error, "FAILURE"));
});

const refusals: readonly (readonly [action: string, ask: (fs: FileSystem) => Promise<unknown>])[] = [
  ["upload", (fs) => fs.open("/new", CREATE, {})],
  ["download", (fs) => fs.open("/f", READ, {})],
  ["delete", (fs) => fs.remove("/f")],
  ["rename", (fs) => fs.rename("/f", "/g", { overwrite: false })],
  ["mkdir", (fs) => fs.makeDirectory("/d", {})],
  ["rmdir", (fs) => fs.removeDirectory("/e")],
  ["copy", (fs) => fs.hardLink("/f", "/h")],
];

for (const [action, ask] of refusals) {
  test(`${action} is not done while it could not be put down and the hub refuses`, async () => {
    await using held = await openHeld();
    await mkdir(`${held.home}/e`);
    await put(held);
    held.refused.add(action);
    await assert.rejects(
      ask(held.fs),
      (error) => SftpError.is(error, "FAILURE") && /cannot record/.test(error.message),
    );
    assert.deepEqual((await readdir(held.home)).toSorted(), ["e", "f"]);
    assert.deepEqual(held.actions(), []);
  });
}

test("a session that is cut off does not keep its end waiting for a hub that refuses", async () => {
  const held = await openHeld();
  const opening = held.fs.open("/f", CREATE, {});
  await sleep(moment);
  held.release();
  await opening;
  const closing = held.close();
  await sleep(moment);
  assert.deepEqual(held.actions(), ["upload"]);
  held.fail();
  await closing;
});
