import { PluginSdkError } from "../plugin-sdk-error.ts";
import { fsEventColumns, logEventColumns, providerEventColumns } from "./columns.ts";
import type { Column, Columns, ColumnType } from "./columns.ts";
import type { FsEventRow, LogEventRow, ProviderEventRow } from "./rows.ts";

/**
 * Reads what an event searcher answered about files, as Go would: 64-bit numbers exactly, fields that are missing or
 * null as empty, `null` as no rows, unknown fields not at all. Throws `ERR_EVENTS_MALFORMED` for anything else.
 */
export function parseFsEvents(answer: Uint8Array): readonly Required<FsEventRow>[] {
  return parseRows(answer, fsEventColumns);
}

/** Reads what an event searcher answered about stored objects; see {@link parseFsEvents}. */
export function parseProviderEvents(answer: Uint8Array): readonly Required<ProviderEventRow>[] {
  return parseRows(answer, providerEventColumns);
}

/** Reads what an event searcher answered about logins; see {@link parseFsEvents}. */
export function parseLogEvents(answer: Uint8Array): readonly Required<LogEventRow>[] {
  return parseRows(answer, logEventColumns);
}

function parseRows<Row>(answer: Uint8Array, columns: Columns<Row>): readonly Required<Row>[] {
  const parsed = parseJson(answer);
  if (parsed === null) return [];
  if (!Array.isArray(parsed)) throw malformed("it is no JSON array");
  return parsed.map((row: unknown, index) => readRow(row, index, columns));
}

function parseJson(answer: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(answer);
    return JSON.parse(text, keepDigits);
  } catch (error) {
    // Also when it is nested deeper than the stack.
    throw malformed("it is no JSON", error);
  }
}

// Of -2^63.
const MAX_INT64_CHARACTERS = 20;

/** Integers become bigints, with the digits that are in the text. */
function keepDigits(_key: string, value: unknown, context: { readonly source?: string } = {}): unknown {
  if (typeof value !== "number") return value;
  const { source = "" } = context;
  return source.length <= MAX_INT64_CHARACTERS && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function readRow<Row>(row: unknown, index: number, columns: Columns<Row>): Required<Row> {
  if (typeof row !== "object" || row === null || Array.isArray(row)) throw malformed(`row ${index} is no object`);
  const fields = Object.entries<Column>(columns).map(([field, { name, type }]) => {
    const value: unknown = Object.hasOwn(row, name) ? (row as Readonly<Record<string, unknown>>)[name] : null;
    const read = value === null ? empty[type] : readers[type](value);
    if (read === undefined) throw malformed(`row ${index} has something else in ${name}`);
    return [field, read] as const;
  });
  return Object.fromEntries(fields) as Required<Row>;
}

const empty: Readonly<Record<ColumnType, unknown>> = { text: "", integer: 0, bigint: 0n, base64: new Uint8Array(0) };

/** The value, `undefined` when it is of another type. */
const readers: Readonly<Record<ColumnType, (value: unknown) => unknown>> = {
  text: (value) => (typeof value === "string" ? value : undefined),
  integer: (value) => (typeof value === "bigint" && value === BigInt.asIntN(32, value) ? Number(value) : undefined),
  bigint: (value) => (typeof value === "bigint" && value === BigInt.asIntN(64, value) ? value : undefined),
  base64: readBase64,
};

function readBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  // Node reads what it can; Go takes nothing but the whole.
  return bytes.toString("base64") === value ? new Uint8Array(bytes) : undefined;
}

function malformed(problem: string, cause?: unknown): PluginSdkError {
  return new PluginSdkError("ERR_EVENTS_MALFORMED", `an event searcher's answer cannot be read: ${problem}`, { cause });
}
