import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";

import { parseAdmin } from "../src/domain/admin.ts";
import { FairleadError } from "../src/domain/fairlead-error.ts";
import { openSqliteStore } from "../src/store/sqlite-store.ts";
import { MIGRATIONS } from "../src/store/schema.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-admins-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const root = parseAdmin({ username: "root", status: 1, permissions: ["*"], password: "$2a$x", newer: { field: 1 } });

test("a stored admin is found with its unknown fields after the file was opened again", async () => {
  const file = join(folder, "f.db");
  {
    await using store = openSqliteStore({ file, clock: () => 7 });
    await store.admins.addAdmin(root);
    await store.admins.recordAdminLogin("root", 9);
  }
  await using store = openSqliteStore({ file });
  const found = await store.admins.findAdmin("root");
  assert.deepEqual(found?.document["newer"], { field: 1 });
  assert.equal(found?.id, 1);
  assert.equal(found?.document["created_at"], 7);
  assert.equal(found?.document["last_login"], 9);
  assert.deepEqual(found?.permissions, ["*"]);
});

test("a second admin of one name is refused", async () => {
  await using store = openSqliteStore({ file: join(folder, "f.db") });
  await store.admins.addAdmin(root);
  await assert.rejects(store.admins.addAdmin(root), (error) => FairleadError.is(error, "ERR_ADMIN_EXISTS"));
});

test("an admin that is not there is not updated", async () => {
  await using store = openSqliteStore({ file: join(folder, "f.db") });
  await assert.rejects(store.admins.updateAdmin(root), (error) => FairleadError.is(error, "ERR_ADMIN_NOT_FOUND"));
  assert.equal(await store.admins.removeAdmin("root"), false);
});

test("a database of the version before admins is brought up to date and keeps its users", async () => {
  const file = join(folder, "old.db");
  const old = new DatabaseSync(file);
  old.exec("PRAGMA application_id = 0x46616972; CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT");
  old.exec("INSERT INTO schema_version VALUES (1)");
  old.exec(MIGRATIONS[0] ?? "");
  old.exec(`INSERT INTO users (username, status, expiration_date, role, email, document, created_at, updated_at)
            VALUES ('alice', 1, 0, '', '', '{"username":"alice"}', 1, 1)`);
  old.close();
  await using store = openSqliteStore({ file });
  assert.equal((await store.findUser("alice"))?.username, "alice");
  assert.deepEqual(await store.admins.listAdmins(), []);
});
