import type { Insertable, Selectable } from "kysely";

import { formatJson, type JsonDocument } from "../domain/json-document.ts";
import { parseUser, parseUserJson, type User } from "../domain/user.ts";
import type { UsersTable } from "./schema.ts";

/** Fields of the document that belong to the host and live in columns of their own. */
const HOST_OWNED: ReadonlySet<string> = new Set([
  "id",
  "created_at",
  "updated_at",
  "last_login",
  "first_upload",
  "first_download",
  "has_password",
]);

/** What a document writes; ids and times are the store's. */
export type UserColumns = Pick<
  Insertable<UsersTable>,
  "document" | "email" | "expiration_date" | "role" | "status" | "username"
>;

export function toUserColumns(user: User): UserColumns {
  const document = Object.entries(user.document).filter(([key]) => !HOST_OWNED.has(key));
  return {
    username: user.username,
    status: user.status,
    expiration_date: user.expirationDateMs,
    role: user.role,
    email: user.email,
    document: formatJson(Object.fromEntries(document)),
  };
}

/** Throws `ERR_INVALID_USER` for a row whose document was damaged from outside. */
export function fromUserRow(row: Selectable<UsersTable>): User {
  const stored = parseUserJson(row.document);
  const document: JsonDocument = {
    id: row.id,
    ...stored.document,
    has_password: stored.passwordHash !== "",
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(row.last_login === 0 ? {} : { last_login: row.last_login }),
    ...(row.first_upload === 0 ? {} : { first_upload: row.first_upload }),
    ...(row.first_download === 0 ? {} : { first_download: row.first_download }),
  };
  return parseUser(document);
}
