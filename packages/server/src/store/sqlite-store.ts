import { DatabaseSync } from "node:sqlite";

import { Kysely } from "kysely";

import { FairleadError } from "../domain/fairlead-error.ts";
import type { User } from "../domain/user.ts";
import type { AdminStore } from "../login/admin-store.ts";
import { userExists, type UserStore } from "../login/user-store.ts";
import { createNodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { accessProblem, createPrivateFile, isExposed } from "./private-file.ts";
import { createSqliteAdmins } from "./sqlite-admins.ts";
import { inspectFile, migrate, MIGRATIONS, type Schema } from "./schema.ts";
import { fromUserRow, toUserColumns } from "./user-row.ts";

/** How long a statement waits for another process that writes. It waits on the event loop. */
const BUSY_TIMEOUT_MS = 2_000;
const DEFAULT_PAGE = 100;
const IN_MEMORY = ":memory:";

export interface SqliteStoreOptions {
  /** Path of the database file; it is made with mode 0600, and its folder. `:memory:` for one that is not kept. */
  readonly file: string;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/** Users, their marks, and administrators in one SQLite file. */
export interface SqliteStore extends UserStore, AsyncDisposable {
  readonly file: string;
  readonly admins: AdminStore;
  /** Others than the owner may read the file, which holds password hashes. */
  readonly isExposed: boolean;
  /** True only the first time in the user's life, also across restarts. */
  markFirstUpload(username: string): Promise<boolean>;
  markFirstDownload(username: string): Promise<boolean>;
  /** Idempotent. Every other method rejects afterwards. */
  close(): Promise<void>;
}

/**
 * Opens or creates the store. Throws `ERR_STORE` when the file cannot be opened, belongs to another
 * program (an SFTPGo database has the same default name) or to a newer version.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const database = openDatabase(options.file);
  return new Store(database, options);
}

class Store implements SqliteStore {
  readonly file: string;
  readonly isExposed: boolean;
  readonly admins: AdminStore;
  readonly #database: DatabaseSync;
  readonly #db: Kysely<Schema>;
  readonly #clock: () => number;
  #closing: Promise<void> | undefined;

  constructor(database: DatabaseSync, options: SqliteStoreOptions) {
    this.#database = database;
    this.#db = new Kysely<Schema>({ dialect: createNodeSqliteDialect(database) });
    this.file = options.file;
    this.isExposed = options.file !== IN_MEMORY && isExposed(options.file);
    this.#clock = options.clock ?? Date.now;
    this.admins = createSqliteAdmins(this.#db, async (what, query) => await this.#run(what, query), this.#clock);
  }

  async findUser(username: string): Promise<User | undefined> {
    const query = this.#db.selectFrom("users").selectAll().where("username", "=", username);
    const row = await this.#run("find a user", query.executeTakeFirst());
    return row === undefined ? undefined : fromUserRow(row);
  }

  async listUsers(page: { readonly after?: string; readonly limit?: number } = {}): Promise<readonly User[]> {
    const query = this.#db
      .selectFrom("users")
      .selectAll()
      .where("username", ">", page.after ?? "")
      .orderBy("username")
      .limit(page.limit ?? DEFAULT_PAGE);
    const rows = await this.#run("list users", query.execute());
    return rows.map((row) => fromUserRow(row));
  }

  async addUser(user: User): Promise<User> {
    const nowMs = this.#clock();
    const query = this.#db
      .insertInto("users")
      .values({ ...toUserColumns(user), created_at: nowMs, updated_at: nowMs })
      .onConflict((conflict) => conflict.column("username").doNothing())
      .returningAll();
    const row = await this.#run("add a user", query.executeTakeFirst());
    if (row === undefined) {
      throw userExists(user.username);
    }
    return fromUserRow(row);
  }

  async updateUser(user: User): Promise<User> {
    const query = this.#db
      .updateTable("users")
      .set({ ...toUserColumns(user), updated_at: this.#clock() })
      .where("username", "=", user.username)
      .returningAll();
    const row = await this.#run("update a user", query.executeTakeFirst());
    if (row === undefined) {
      throw new FairleadError("ERR_USER_NOT_FOUND", `there is no user "${user.username}"`, {
        details: { username: user.username },
      });
    }
    return fromUserRow(row);
  }

  async removeUser(username: string): Promise<boolean> {
    const query = this.#db.deleteFrom("users").where("username", "=", username);
    const result = await this.#run("remove a user", query.executeTakeFirst());
    return result.numDeletedRows > 0n;
  }

  async recordLogin(username: string, atMs: number): Promise<void> {
    const query = this.#db.updateTable("users").set({ last_login: atMs }).where("username", "=", username);
    await this.#run("record a login", query.execute());
  }

  async markFirstUpload(username: string): Promise<boolean> {
    return await this.#markFirst(username, "first_upload");
  }

  async markFirstDownload(username: string): Promise<boolean> {
    return await this.#markFirst(username, "first_download");
  }

  async close(): Promise<void> {
    this.#closing ??= this.#destroy();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // Kysely closes the database only if it ran a query before.
  async #destroy(): Promise<void> {
    await this.#db.destroy();
    if (this.#database.isOpen) {
      this.#database.close();
    }
  }

  // One statement decides, so two sessions ending at the same moment cannot both be first.
  async #markFirst(username: string, column: "first_download" | "first_upload"): Promise<boolean> {
    const query = this.#db
      .updateTable("users")
      .set({ [column]: this.#clock() })
      .where("username", "=", username)
      .where(column, "=", 0);
    const result = await this.#run("mark a first transfer", query.executeTakeFirst());
    return result.numUpdatedRows > 0n;
  }

  async #run<T>(what: string, query: Promise<T>): Promise<T> {
    try {
      return await query;
    } catch (cause) {
      throw new FairleadError("ERR_STORE", `could not ${what} in ${this.file}: ${messageOf(cause)}`, {
        cause,
        details: { file: this.file },
      });
    }
  }
}

function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (file !== IN_MEMORY) {
      createPrivateFile(file);
    }
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    prepareDatabase(database, file);
    return database;
  } catch (cause) {
    database?.close();
    if (FairleadError.is(cause)) {
      throw cause;
    }
    const problem = accessProblem(file) ?? messageOf(cause);
    throw new FairleadError("ERR_STORE", `could not open the database ${file}: ${problem}`, {
      cause,
      details: { file },
    });
  }
}

function prepareDatabase(database: DatabaseSync, file: string): void {
  const content = inspectFile(database);
  if (content.kind === "foreign") {
    throw new FairleadError(
      "ERR_STORE",
      `${file} is a database of another program (tables ${content.tables.slice(0, 4).join(", ")}, …); ` +
        `set data_provider.name to a file of its own`,
      { details: { file, tables: content.tables } },
    );
  }
  if (content.kind === "ours" && content.version > MIGRATIONS.length) {
    throw new FairleadError(
      "ERR_STORE",
      `${file} has schema version ${content.version}, this program knows ${MIGRATIONS.length}; use the newer fairlead`,
      { details: { file, found: content.version, known: MIGRATIONS.length } },
    );
  }
  // WAL: readers and one writer at a time; NORMAL loses at most the last commits on power loss.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  migrate(database);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
