import { once } from "node:events";

import type { Logger } from "@fairlead/go-plugin";
import { PluginHostError } from "@fairlead/plugin-host";
import type { SearchHub } from "@fairlead/plugin-host";
import { parseFsEvents, parseLogEvents, parseProviderEvents } from "@fairlead/plugin-sdk/client";
import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "@fairlead/plugin-sdk/client";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { type Admin, isPermitted, VIEW_EVENTS } from "../domain/admin.ts";
import {
  FS_HEADER,
  formatCsv,
  fsColumns,
  LOG_HEADER,
  logColumns,
  PROVIDER_HEADER,
  providerColumns,
} from "./event-csv.ts";
import { asksForCsv, parseFsQuery, parseLogQuery, parseProviderQuery } from "./event-query.ts";
import { closeSignal } from "./close-signal.ts";
import { httpError } from "./http-error.ts";

export interface EventRoutesOptions {
  readonly searcher: SearchHub;
  readonly logger: Logger;
  /** Who asks; throws `ERR_HTTP_REQUEST` when nobody may. */
  readonly authenticate: (request: FastifyRequest) => Promise<Admin>;
}

type Filter = FsEventsFilter | LogEventsFilter | ProviderEventsFilter;

interface Row {
  readonly id: string;
  readonly timestampNs: bigint;
}

/** One kind of events, from the query to the columns. */
interface EventSearch<F extends Filter, R extends Row> {
  readonly path: string;
  readonly fileName: string;
  readonly parse: (query: URLSearchParams) => F;
  readonly search: (filter: F, options: { readonly signal: AbortSignal }) => Promise<Uint8Array>;
  readonly rows: (answer: Uint8Array) => readonly R[];
  readonly header: readonly string[];
  readonly columns: (row: R) => readonly string[];
}

/** How many rows of an export are asked for at a time, as SFTPGo does. */
const CSV_PAGE = 100;

/** `GET /api/v2/events/{fs,provider,logs}`, answered by the event searcher plugin. */
export function addEventRoutes(server: FastifyInstance, options: EventRoutesOptions): void {
  const { searcher } = options;
  addRoute(server, options, {
    path: "/api/v2/events/fs",
    fileName: "fslogs",
    parse: parseFsQuery,
    search: async (filter, call) => await searcher.searchFsEvents(filter, call),
    rows: parseFsEvents,
    header: FS_HEADER,
    columns: fsColumns,
  });
  addRoute(server, options, {
    path: "/api/v2/events/provider",
    fileName: "providerlogs",
    parse: parseProviderQuery,
    search: async (filter, call) => await searcher.searchProviderEvents(filter, call),
    rows: parseProviderEvents,
    header: PROVIDER_HEADER,
    columns: providerColumns,
  });
  addRoute(server, options, {
    path: "/api/v2/events/logs",
    fileName: "logs",
    parse: parseLogQuery,
    search: async (filter, call) => await searcher.searchLogEvents(filter, call),
    rows: parseLogEvents,
    header: LOG_HEADER,
    columns: logColumns,
  });
}

function addRoute<F extends Filter, R extends Row>(
  server: FastifyInstance,
  options: EventRoutesOptions,
  kind: EventSearch<F, R>,
): void {
  server.get(kind.path, async (request, reply) => {
    const admin = await options.authenticate(request);
    if (!isPermitted(admin, VIEW_EVENTS)) {
      throw httpError(403, "Forbidden");
    }
    const query = new URLSearchParams(request.raw.url?.split("?", 2)[1] ?? "");
    const filter = restrictedTo(admin, kind.parse(query));
    const signal = closeSignal(reply);
    if (asksForCsv(query)) {
      await sendCsv(reply, kind, filter, { searcher: options.searcher, logger: options.logger, signal });
      return reply;
    }
    const answer = await search(kind, filter, options.searcher, signal);
    return await reply.type("application/json").send(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
  });
}

/** An administrator of a role sees the events of that role, whatever was asked for. */
function restrictedTo<F extends Filter>(admin: Admin, filter: F): F {
  return admin.role === "" ? filter : { ...filter, role: admin.role };
}

async function search<F extends Filter, R extends Row>(
  kind: EventSearch<F, R>,
  filter: F,
  searcher: SearchHub,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!searcher.isConfigured) {
    throw httpError(501, "", "no events searcher plugin defined");
  }
  try {
    return await kind.search(filter, { signal });
  } catch (cause) {
    throw httpError(500, "", describeFailure(cause), { cause });
  }
}

/** What SFTPGo tells of a plugin that failed. Which file the plugin is, and what to do about it, is for the log. */
function describeFailure(cause: unknown): string {
  const summary = PluginHostError.is(cause) ? cause.details["summary"] : undefined;
  if (typeof summary === "string") return summary;
  return cause instanceof Error ? cause.message : String(cause);
}

interface CsvExport {
  readonly searcher: SearchHub;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Page after page until there is no full one. The first page comes before the status line, so that a failure is an error
 * and no empty file; a later failure cuts the connection, as no status line can tell of it any more. `limit` means
 * nothing here, as in SFTPGo.
 */
async function sendCsv<F extends Filter, R extends Row>(
  reply: FastifyReply,
  kind: EventSearch<F, R>,
  asked: F,
  { searcher, logger, signal }: CsvExport,
): Promise<void> {
  const isProvider = "omitObjectData" in asked;
  let filter: F = { ...asked, limit: CSV_PAGE, ...(isProvider && { omitObjectData: true }) };
  let rows = readRows(kind, await search(kind, filter, searcher, signal));
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    "Content-Type": "text/csv",
    "Content-Disposition": `attachment; filename=${kind.fileName}-${fileTime()}.csv`,
    "Accept-Ranges": "none",
  });
  try {
    raw.write(formatCsv([kind.header]));
    for (;;) {
      if (!raw.write(formatCsv(rows.map(kind.columns)))) {
        await once(raw, "drain", { signal });
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < CSV_PAGE) {
        break;
      }
      if (last.id === filter.fromId) {
        throw httpError(500, "", "the event searcher plugin answers the same page again and again");
      }
      filter = after(filter, last);
      rows = readRows(kind, await search(kind, filter, searcher, signal));
    }
    raw.end();
  } catch (error) {
    logger.log("warn", "event export cut off", { path: kind.path, error });
    raw.destroy();
  }
}

/** Where the next page begins. SFTPGo moves the start also when the order goes backwards, and stops after one page. */
function after<F extends Filter>(filter: F, { id, timestampNs }: Row): F {
  return filter.order === "ascending"
    ? { ...filter, fromId: id, startTimestampNs: timestampNs }
    : { ...filter, fromId: id, endTimestampNs: timestampNs };
}

function readRows<F extends Filter, R extends Row>(kind: EventSearch<F, R>, answer: Uint8Array): readonly R[] {
  try {
    return kind.rows(answer);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw httpError(500, "", `the event searcher plugin answered something else than rows: ${reason}`, { cause });
  }
}

function fileTime(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "-");
}
