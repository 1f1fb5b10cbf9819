import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { FairleadError } from "../src/domain/fairlead-error.ts";
import { lockForServer } from "../src/store/server-lock.ts";

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-lock-"));
  file = join(folder, "users.db");
  writeFileSync(file, "");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a second server is refused, naming the first", () => {
  using _lock = lockForServer(file);
  assert.throws(
    () => lockForServer(file),
    (error) => FairleadError.is(error, "ERR_ALREADY_RUNNING") && error.details["pid"] === process.pid,
  );
});

test("a server that has stopped makes way", () => {
  lockForServer(file)[Symbol.dispose]();
  lockForServer(file)[Symbol.dispose]();
});

test("the lock of a process dies with it, however it ends", async () => {
  const module = JSON.stringify(import.meta.resolve("../src/store/server-lock.ts"));
  const script = `import { lockForServer } from ${module};
    globalThis.lock = lockForServer(${JSON.stringify(file)}); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  try {
    await once(child.stdout, "data");
    assert.throws(
      () => lockForServer(file),
      new RegExp(`another server \\(process ${child.pid}\\) runs on the database`),
    );
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  lockForServer(file)[Symbol.dispose]();
});

test("the lock file is readable by the owner alone", () => {
  using _lock = lockForServer(file);
  assert.equal(statSync(`${file}.lock`).mode & 0o777, 0o600);
});

test("a lock file that is no lock is an error", () => {
  writeFileSync(`${file}.lock`, "x".repeat(2000));
  assert.throws(
    () => lockForServer(file),
    (error) => FairleadError.is(error, "ERR_STORE") && error.message.includes(`${file}.lock`),
  );
});
