import type { DatabaseSync } from "node:sqlite";

import type { Generated } from "kysely";

/** One row a user: the document, and beside it what is searched, sorted or written on its own. */
export interface UsersTable {
  readonly id: Generated<number>;
  readonly username: string;
  readonly status: number;
  readonly expiration_date: number;
  readonly role: string;
  readonly email: string;
  /** SFTPGo's user JSON without the host-owned columns below. */
  readonly document: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_login: Generated<number>;
  readonly first_upload: Generated<number>;
  readonly first_download: Generated<number>;
}

/** One row an administrator. */
export interface AdminsTable {
  readonly id: Generated<number>;
  readonly username: string;
  /** SFTPGo's admin JSON without the columns below. */
  readonly document: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_login: Generated<number>;
}

export interface Schema {
  readonly admins: AdminsTable;
  readonly users: UsersTable;
}

/** "Fair" in ASCII: marks the file as ours in SQLite's header. */
const APPLICATION_ID = 0x46616972;

/** Each entry leads from version n to n + 1 and is never changed once released. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE users (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     username TEXT NOT NULL UNIQUE,
     status INTEGER NOT NULL,
     expiration_date INTEGER NOT NULL,
     role TEXT NOT NULL,
     email TEXT NOT NULL,
     document TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     last_login INTEGER NOT NULL DEFAULT 0,
     first_upload INTEGER NOT NULL DEFAULT 0,
     first_download INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE INDEX users_role ON users (role);
   CREATE INDEX users_email ON users (email);`,
  `CREATE TABLE admins (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     username TEXT NOT NULL UNIQUE,
     document TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     last_login INTEGER NOT NULL DEFAULT 0
   ) STRICT;`,
];

/** What a file holds, before anything is written to it. */
export type FileContent =
  | { readonly kind: "empty" }
  | { readonly kind: "foreign"; readonly tables: readonly string[] }
  | { readonly kind: "ours"; readonly version: number };

/** Looks without changing anything. */
export function inspectFile(database: DatabaseSync): FileContent {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const names = tables.map((row) => String(row["name"])).filter((name) => !name.startsWith("sqlite_"));
  const applicationId = database.prepare("PRAGMA application_id").get()?.["application_id"];
  if (names.length === 0) {
    return { kind: "empty" };
  }
  if (applicationId !== APPLICATION_ID) {
    return { kind: "foreign", tables: names };
  }
  const row = database.prepare("SELECT version FROM schema_version").get();
  return { kind: "ours", version: Number(row?.["version"]) };
}

/** Brings the schema up to date; another process doing the same at the same time is harmless. */
export function migrate(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const content = inspectFile(database);
    const version = content.kind === "ours" ? content.version : 0;
    if (content.kind === "empty") {
      database.exec("CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT");
      database.exec("INSERT INTO schema_version (version) VALUES (0)");
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    }
    for (const statements of MIGRATIONS.slice(version)) {
      database.exec(statements);
    }
    database.prepare("UPDATE schema_version SET version = ?").run(MIGRATIONS.length);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
