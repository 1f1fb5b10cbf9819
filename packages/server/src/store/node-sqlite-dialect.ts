import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

import { SqliteDialect } from "kysely";

/** Prepared statements kept; the store has about a dozen queries. */
const MAX_STATEMENTS = 64;

/**
 * Kysely over node:sqlite. Kysely's SQLite dialect expects the interface of better-sqlite3, which
 * differs in two ways: parameters are passed as one list, and a statement tells whether it returns
 * rows.
 */
export function createNodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  const statements = new Map<string, PreparedStatement>();
  return new SqliteDialect({
    database: {
      prepare(sql) {
        const known = statements.get(sql);
        if (known !== undefined) {
          return known;
        }
        const statement = new PreparedStatement(database.prepare(sql));
        if (statements.size < MAX_STATEMENTS) {
          statements.set(sql, statement);
        }
        return statement;
      },
      close() {
        statements.clear();
        database.close();
      },
    },
  });
}

class PreparedStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...asInput(parameters));
  }

  run(parameters: readonly unknown[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  } {
    return this.#statement.run(...asInput(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...asInput(parameters));
  }
}

// The tables' types let only SQLite's own value types through; node:sqlite throws for others.
function asInput(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
