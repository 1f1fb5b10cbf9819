import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";

import { FairleadError } from "../src/domain/fairlead-error.ts";
import { parseUser, type User } from "../src/domain/user.ts";
import { openSqliteStore } from "../src/store/sqlite-store.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-store-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(): string {
  return join(folder, "data", "fairlead.db");
}

function userNamed(username: string, more: Record<string, unknown> = {}): User {
  return parseUser({ username, status: 1, home_dir: "/srv/x", permissions: { "/": ["*"] }, ...more });
}

test("a stored user is found again after the file was closed and opened", async () => {
  {
    await using store = openSqliteStore({ file: file(), clock: () => 1000 });
    await store.addUser(userNamed("alice", { new_field_of_sftpgo: { a: [1] }, quota_size: 2n ** 62n }));
  }
  await using store = openSqliteStore({ file: file() });
  const user = await store.findUser("alice");
  assert.equal(user?.username, "alice");
  assert.equal(user.id, 1);
  assert.equal(user.quotaSizeBytes, 2n ** 62n);
  assert.deepEqual(user.document["new_field_of_sftpgo"], { a: [1] });
  assert.equal(user.document["created_at"], 1000);
});

test("a name differing only in case is another user", async () => {
  await using store = openSqliteStore({ file: file() });
  await store.addUser(userNamed("alice"));
  assert.equal(await store.findUser("Alice"), undefined);
});

test("a second user of the same name is refused and the first is kept", async () => {
  await using store = openSqliteStore({ file: file() });
  await store.addUser(userNamed("alice", { email: "first" }));
  await assert.rejects(store.addUser(userNamed("alice", { email: "second" })), (error) =>
    FairleadError.is(error, "ERR_USER_EXISTS"),
  );
  assert.equal((await store.findUser("alice"))?.email, "first");
});

test("an update replaces the document and keeps id, creation time and marks", async () => {
  await using store = openSqliteStore({ file: file(), clock: () => 1000 });
  const added = await store.addUser(userNamed("alice", { email: "old" }));
  await store.recordLogin("alice", 2000);
  await store.markFirstUpload("alice");
  const updated = await store.updateUser(userNamed("alice", { description: "new", id: 77, last_login: 5 }));
  assert.equal(updated.id, added.id);
  assert.equal(updated.email, "");
  assert.equal(updated.description, "new");
  assert.equal(updated.document["last_login"], 2000);
  assert.equal(updated.document["created_at"], 1000);
  assert.equal(await store.markFirstUpload("alice"), false);
});

test("updating a user that does not exist is an error, removing one is not", async () => {
  await using store = openSqliteStore({ file: file() });
  await assert.rejects(store.updateUser(userNamed("ghost")), (error) => FairleadError.is(error, "ERR_USER_NOT_FOUND"));
  assert.equal(await store.removeUser("ghost"), false);
});

test("a removed user is gone and a new one of that name starts without marks", async () => {
  await using store = openSqliteStore({ file: file() });
  await store.addUser(userNamed("alice"));
  await store.markFirstDownload("alice");
  assert.equal(await store.removeUser("alice"), true);
  assert.equal(await store.findUser("alice"), undefined);
  const again = await store.addUser(userNamed("alice"));
  assert.notEqual(again.id, 1);
  assert.equal(await store.markFirstDownload("alice"), true);
});

test("users are listed by name, page by page", async () => {
  await using store = openSqliteStore({ file: file() });
  for (const name of ["carol", "alice", "bob"]) {
    await store.addUser(userNamed(name));
  }
  const names = async (page?: { readonly after?: string; readonly limit?: number }): Promise<string[]> =>
    (await store.listUsers(page)).map((user) => user.username);
  assert.deepEqual(await names(), ["alice", "bob", "carol"]);
  assert.deepEqual(await names({ limit: 2 }), ["alice", "bob"]);
  assert.deepEqual(await names({ after: "bob", limit: 2 }), ["carol"]);
});

test("only one of many simultaneous first uploads is the first, and uploads and downloads count apart", async () => {
  await using store = openSqliteStore({ file: file() });
  await store.addUser(userNamed("alice"));
  const marks = await Promise.all(Array.from({ length: 8 }, async () => await store.markFirstUpload("alice")));
  assert.equal(marks.filter(Boolean).length, 1);
  assert.equal(await store.markFirstDownload("alice"), true);
  assert.equal(await store.markFirstDownload("nobody"), false);
});

test("two stores on one file see each other's users", async () => {
  await using one = openSqliteStore({ file: file() });
  await using other = openSqliteStore({ file: file() });
  await one.addUser(userNamed("alice"));
  assert.equal((await other.findUser("alice"))?.username, "alice");
  await other.removeUser("alice");
  assert.equal(await one.findUser("alice"), undefined);
});

test("a hostile name is data, never SQL", async () => {
  await using store = openSqliteStore({ file: file() });
  const name = `'; DROP TABLE users; --`;
  await store.addUser(userNamed(name));
  assert.equal((await store.findUser(name))?.username, name);
});

test("the database of another program is refused and left as it was", () => {
  const foreign = join(folder, "sftpgo.db");
  const database = new DatabaseSync(foreign);
  database.exec("CREATE TABLE users (id INTEGER); CREATE TABLE schema_version (version INTEGER)");
  database.close();
  assert.throws(() => openSqliteStore({ file: foreign }), /another program/);
  const after = new DatabaseSync(foreign);
  assert.equal(after.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "delete");
  after.close();
});

test("a file of a newer version is refused", async () => {
  await openSqliteStore({ file: file() }).close();
  const database = new DatabaseSync(file());
  database.exec("UPDATE schema_version SET version = 999");
  database.close();
  assert.throws(() => openSqliteStore({ file: file() }), /schema version 999/);
});

test("a file that is no database is refused with its name", () => {
  const junk = join(folder, "junk.db");
  writeFileSync(junk, "this is not a database, but it is long enough to have a header".repeat(20));
  assert.throws(
    () => openSqliteStore({ file: junk }),
    (error) => FairleadError.is(error, "ERR_STORE") && error.message.includes(junk),
  );
});

test("a closed store rejects instead of answering", async () => {
  const store = openSqliteStore({ file: file() });
  await store.close();
  await store.close();
  await assert.rejects(store.findUser("alice"), (error) => FairleadError.is(error, "ERR_STORE"));
});

test("the files are readable by the owner alone", async () => {
  await using store = openSqliteStore({ file: file() });
  await store.addUser(userNamed("alice"));
  for (const suffix of ["", "-wal", "-shm"]) {
    assert.equal(statSync(file() + suffix).mode & 0o777, 0o600, suffix);
  }
  assert.equal(store.isExposed, false);
});

test("a file that others may read is used and reported", async () => {
  await openSqliteStore({ file: file() }).close();
  chmodSync(file(), 0o640);
  await using store = openSqliteStore({ file: file() });
  assert.equal(store.isExposed, true);
});

for (const [what, mode, problem] of [
  ["folder that may not be written", 0o755, "may not write in the folder FOLDER"],
  ["file that may not be written", 0o777, "may not read and write the file"],
] as const) {
  test(`a ${what} is named, with the user id`, { skip: process.getuid?.() !== 0 }, () => {
    if (mode === 0o777) {
      mkdirSync(join(folder, "data"));
      writeFileSync(file(), "");
    }
    chmodSync(folder, mode);
    const script = `const { openSqliteStore } = await import(${JSON.stringify(import.meta.resolve("../src/store/sqlite-store.ts"))});
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      try { openSqliteStore({ file: ${JSON.stringify(file())} }); } catch (error) { console.log(error.code, error.message); }`;
    const args = ["--conditions=source", "--input-type=module", "-e", script];
    const output = execFileSync(process.execPath, args, { encoding: "utf8" }).trim();
    const expected = `this process (uid 65534) ${problem.replace("FOLDER", folder)}`;
    assert.equal(output, `ERR_STORE could not open the database ${file()}: ${expected}`);
  });
}
