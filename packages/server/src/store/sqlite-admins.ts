import type { Kysely, Selectable } from "kysely";

import { type Admin, parseAdmin } from "../domain/admin.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { formatJson, parseJson } from "../domain/json-document.ts";
import { adminNotFound } from "../login/admin-accounts.ts";
import type { AdminStore } from "../login/admin-store.ts";
import type { AdminsTable, Schema } from "./schema.ts";

/** Runs a query and turns what it throws into `ERR_STORE`. */
export type RunQuery = <T>(what: string, query: Promise<T>) => Promise<T>;

/** Fields of the document that live in columns. */
const HOST_OWNED: ReadonlySet<string> = new Set(["id", "created_at", "updated_at", "last_login"]);

/** Administrators in the database that also holds the users. */
export function createSqliteAdmins(db: Kysely<Schema>, run: RunQuery, clock: () => number): AdminStore {
  return {
    async findAdmin(username) {
      const query = db.selectFrom("admins").selectAll().where("username", "=", username);
      const row = await run("find an admin", query.executeTakeFirst());
      return row === undefined ? undefined : fromRow(row);
    },
    async listAdmins() {
      const rows = await run("list admins", db.selectFrom("admins").selectAll().orderBy("username").execute());
      return rows.map(fromRow);
    },
    async addAdmin(admin) {
      const nowMs = clock();
      const query = db
        .insertInto("admins")
        .values({ username: admin.username, document: toDocument(admin), created_at: nowMs, updated_at: nowMs })
        .onConflict((conflict) => conflict.column("username").doNothing())
        .returningAll();
      const row = await run("add an admin", query.executeTakeFirst());
      if (row === undefined) {
        throw new FairleadError("ERR_ADMIN_EXISTS", `there is already an admin "${admin.username}"`, {
          details: { username: admin.username },
        });
      }
      return fromRow(row);
    },
    async updateAdmin(admin) {
      const query = db
        .updateTable("admins")
        .set({ document: toDocument(admin), updated_at: clock() })
        .where("username", "=", admin.username)
        .returningAll();
      const row = await run("update an admin", query.executeTakeFirst());
      if (row === undefined) {
        throw adminNotFound(admin.username);
      }
      return fromRow(row);
    },
    async removeAdmin(username) {
      const query = db.deleteFrom("admins").where("username", "=", username);
      const result = await run("remove an admin", query.executeTakeFirst());
      return result.numDeletedRows > 0n;
    },
    async recordAdminLogin(username, atMs) {
      const query = db.updateTable("admins").set({ last_login: atMs }).where("username", "=", username);
      await run("record an admin's login", query.execute());
    },
  };
}

function toDocument(admin: Admin): string {
  return formatJson(Object.fromEntries(Object.entries(admin.document).filter(([key]) => !HOST_OWNED.has(key))));
}

function fromRow(row: Selectable<AdminsTable>): Admin {
  const stored = parseAdmin(parseJson(row.document));
  return parseAdmin({
    id: row.id,
    ...stored.document,
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(row.last_login === 0 ? {} : { last_login: row.last_login }),
  });
}
