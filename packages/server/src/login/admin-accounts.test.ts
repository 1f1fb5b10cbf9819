import assert from "node:assert/strict";
import { test } from "node:test";

import { isPermitted, VIEW_EVENTS } from "../domain/admin.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { type AdminAccounts, createAdminAccounts } from "./admin-accounts.ts";
import { createPasswordHasher, DEFAULT_HASHING_POLICY } from "./password/password-hasher.ts";

async function withAdmins(document: Record<string, unknown>, work: (admins: AdminAccounts) => Promise<void>) {
  await using store = openSqliteStore({ file: ":memory:" });
  const hasher = createPasswordHasher({ ...DEFAULT_HASHING_POLICY, bcryptCost: 4 }, { running: 1, waiting: 8 });
  const admins = createAdminAccounts({ store: store.admins, hasher, namingRules: 5 });
  await admins.add({ username: "root", status: 1, permissions: ["*"], password: "sesame", ...document });
  await work(admins);
}

const request = { username: "root", password: "sesame", ip: "127.0.0.1" };

test("an administrator logs in with the password that was stored as a hash", async () => {
  await withAdmins({}, async (admins) => {
    assert.equal((await admins.login(request)).outcome, "accepted");
    assert.match((await admins.find("root"))?.passwordHash ?? "", /^\$2/);
  });
});

test("an unknown administrator is refused with the words for a wrong password", async () => {
  await withAdmins({}, async (admins) => {
    const unknown = await admins.login({ ...request, username: "toor" });
    assert.deepEqual(unknown, { outcome: "refused", message: "invalid credentials" });
    assert.deepEqual(await admins.login({ ...request, password: "x" }), unknown);
  });
});

test("a disabled administrator is refused", async () => {
  await withAdmins({ status: 0 }, async (admins) => {
    assert.deepEqual(await admins.login(request), { outcome: "refused", message: 'admin "root" is disabled' });
  });
});

test("an administrator is refused from an address that is not in the allow list", async () => {
  await withAdmins({ filters: { allow_list: ["192.0.2.0/24"] } }, async (admins) => {
    assert.equal((await admins.login(request)).outcome, "refused");
    assert.equal((await admins.login({ ...request, ip: "192.0.2.9" })).outcome, "accepted");
  });
});

test("an administrator with a second factor is refused instead of let in without it", async () => {
  await withAdmins({ filters: { totp_config: { enabled: true } } }, async (admins) => {
    assert.equal((await admins.login(request)).outcome, "refused");
  });
});

test("an administrator without a password or without permissions is not stored", async () => {
  await withAdmins({}, async (admins) => {
    for (const wrong of [{ permissions: ["*"] }, { password: "x" }, { password: "x", permissions: "all" }]) {
      await assert.rejects(admins.add({ username: "b", ...wrong }), (error) =>
        FairleadError.is(error, "ERR_INVALID_ADMIN"),
      );
    }
  });
});

test("a permission counts when it is listed, or when all are given", () => {
  assert.ok(isPermitted({ permissions: ["view_events"] }, VIEW_EVENTS));
  assert.ok(isPermitted({ permissions: ["*"] }, VIEW_EVENTS));
  assert.ok(!isPermitted({ permissions: ["add_users"] }, VIEW_EVENTS));
});
