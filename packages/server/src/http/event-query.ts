/**
 * The query of `GET /api/v2/events/{fs,provider,logs}`, with SFTPGo's names, defaults, checks and messages as observed.
 * Where a parameter comes twice the first one counts; an unknown one means nothing.
 */
import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "@fairlead/plugin-sdk/client";

import type { FairleadError } from "../domain/fairlead-error.ts";
import { invalidQuery } from "./http-error.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Throws `ERR_HTTP_REQUEST` with status 400. */
export function parseFsQuery(query: URLSearchParams): FsEventsFilter {
  return {
    ...parseCommon(query),
    actions: listOf(query, "actions"),
    sshCmd: query.get("ssh_cmd") ?? "",
    fsProvider: parseProvider(query),
    bucket: query.get("bucket") ?? "",
    endpoint: query.get("endpoint") ?? "",
    protocols: listOf(query, "protocols"),
    statuses: listOf(query, "statuses").map(parseStatus),
  };
}

/** Throws `ERR_HTTP_REQUEST` with status 400. */
export function parseProviderQuery(query: URLSearchParams): ProviderEventsFilter {
  return {
    ...parseCommon(query),
    actions: listOf(query, "actions"),
    objectName: query.get("object_name") ?? "",
    objectTypes: listOf(query, "object_types"),
    // Only the literal counts, as in SFTPGo.
    omitObjectData: query.get("omit_object_data") === "true",
  };
}

/** Throws `ERR_HTTP_REQUEST` with status 400. Event numbers that are none are left out, as SFTPGo does. */
export function parseLogQuery(query: URLSearchParams): LogEventsFilter {
  return {
    ...parseCommon(query),
    protocols: listOf(query, "protocols"),
    events: listOf(query, "events").flatMap((text) => parseInteger(text) ?? []),
  };
}

/** Only the literal asks for CSV. */
export function asksForCsv(query: URLSearchParams): boolean {
  return query.get("csv_export") === "true";
}

type CommonFilter = Pick<
  FsEventsFilter,
  "endTimestampNs" | "fromId" | "instanceIds" | "ip" | "limit" | "order" | "role" | "startTimestampNs" | "username"
>;

function parseCommon(query: URLSearchParams): CommonFilter {
  return {
    startTimestampNs: parseTimestamp(query, "start_timestamp"),
    endTimestampNs: parseTimestamp(query, "end_timestamp"),
    limit: parseLimit(query),
    order: parseOrder(query),
    username: query.get("username") ?? "",
    ip: query.get("ip") ?? "",
    instanceIds: listOf(query, "instance_ids"),
    fromId: query.get("from_id") ?? "",
    role: query.get("role") ?? "",
  };
}

/** 0 is no condition, as on the wire. */
function parseTimestamp(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name);
  if (text === null) {
    return undefined;
  }
  const invalid = (problem: string): FairleadError =>
    invalidQuery(`invalid ${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: ${problem}`);
  if (!isInteger(text)) {
    throw invalid("invalid syntax");
  }
  const value = BigInt(text);
  if (value < MIN_INT64 || value > MAX_INT64) {
    throw invalid("value out of range");
  }
  return value === 0n ? undefined : value;
}

function parseLimit(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) {
    return DEFAULT_LIMIT;
  }
  if (!isInteger(text)) {
    throw invalidQuery(`invalid limit: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = BigInt(text);
  if (value < MIN_INT64 || value > MAX_INT64) {
    throw invalidQuery(`invalid limit: strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (value < 1n || value > BigInt(MAX_LIMIT)) {
    throw invalidQuery(`limit is out of the 1-1000 range: ${value}`);
  }
  return Number(value);
}

function parseOrder(query: URLSearchParams): "ascending" | "descending" {
  const text = query.get("order") ?? "DESC";
  if (text !== "ASC" && text !== "DESC") {
    throw invalidQuery(`invalid order ${JSON.stringify(text)}`);
  }
  return text === "ASC" ? "ascending" : "descending";
}

function parseProvider(query: URLSearchParams): number | undefined {
  const text = query.get("fs_provider");
  if (text === null) {
    return undefined;
  }
  const value = parseInteger(text);
  if (value === undefined) {
    throw invalidQuery(`invalid fs_provider: ${text}`);
  }
  return value === -1 ? undefined : value;
}

function parseStatus(text: string): number {
  const value = parseInteger(text);
  if (value === undefined) {
    throw invalidQuery(`invalid status: ${text}`);
  }
  return value;
}

/** Items between commas, without spaces around, empty and repeated ones left out. */
function listOf(query: URLSearchParams, name: string): readonly string[] {
  const items = (query.get(name) ?? "").split(",").map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ""))];
}

/** What Go's ParseInt takes in base 10, with 32 bits; `undefined` for anything else. */
function parseInteger(text: string): number | undefined {
  const value = isInteger(text) ? Number(text) : Number.NaN;
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}

/** Bounded: BigInt takes time that grows with the square of the length. */
function isInteger(text: string): boolean {
  return /^[+-]?\d{1,64}$/.test(text);
}
