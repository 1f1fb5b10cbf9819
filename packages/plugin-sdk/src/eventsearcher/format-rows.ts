import type { Column, Columns, ColumnType } from "./columns.ts";

/**
 * An answer's JSON as Go's encoder writes it: no space, 64-bit numbers with all their digits, bytes as base64, and `<`,
 * `>`, `&` escaped. Throws a TypeError that names row and field for what a column cannot hold.
 */
export function formatRows<Row extends object>(rows: readonly Row[], columns: Columns<Row>): Uint8Array {
  if (!Array.isArray(rows)) throw new TypeError(`a search found ${describe(rows)}, not an array of rows`);
  return Buffer.from(`[${rows.map((row, index) => formatRow(row, index, columns)).join(",")}]`);
}

function formatRow<Row extends object>(row: Row, index: number, columns: Columns<Row>): string {
  const fields: string[] = [];
  for (const [field, column] of Object.entries<Column>(columns)) {
    const value = (row as Readonly<Record<string, unknown>>)[field];
    if (column.omitEmpty && isEmpty(value)) continue;
    const json = formats[column.type](value);
    if (json === undefined) {
      throw new TypeError(
        `row ${index} of what a search found: ${field} is ${describe(value)}, not ${wanted[column.type]}`,
      );
    }
    fields.push(`${JSON.stringify(column.name)}:${json}`);
  }
  return `{${fields.join(",")}}`;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === "" ||
    value === 0 ||
    value === 0n ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

/** JSON of a value, `undefined` when it is of another type. */
const formats: Readonly<Record<ColumnType, (value: unknown) => string | undefined>> = {
  text: (value) => (typeof value === "string" ? formatText(value) : undefined),
  integer: (value) => (typeof value === "number" && value === (value | 0) ? String(value | 0) : undefined),
  bigint: (value) => (typeof value === "bigint" && value === BigInt.asIntN(64, value) ? String(value) : undefined),
  base64: (value) =>
    value instanceof Uint8Array
      ? `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64")}"`
      : undefined,
};

const wanted: Readonly<Record<ColumnType, string>> = {
  text: "a string",
  integer: "a 32-bit integer",
  bigint: "a bigint of 64 bits",
  base64: "a Uint8Array",
};

// Go escapes these too, for text that ends up in HTML.
function formatText(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "bigint") return `the ${typeof value} ${value}`;
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`;
}
