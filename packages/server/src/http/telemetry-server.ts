import { createServer, type Server } from "node:http";

import {
  formatJournalMetrics,
  formatPluginMetrics,
  type PluginManager,
  type PluginStatus,
} from "@fairlead/plugin-host";

export interface TelemetrySources {
  readonly plugins: Pick<PluginManager, "journal" | "status">;
  /** SSH connections open now. */
  connectionCount(): number;
}

const IDLE_TIMEOUT_MS = 30_000;

/**
 * SFTPGo's telemetry server as far as it is here: `/healthz`, `/metrics` in Prometheus's text format, and, ours,
 * `/plugins`: the state of every plugin as JSON.
 */
export function createTelemetryServer(sources: TelemetrySources): Server {
  const pages: ReadonlyMap<string, () => { readonly type: string; readonly body: string }> = new Map([
    ["/healthz", () => ({ type: "text/plain; charset=utf-8", body: "ok" })],
    ["/metrics", () => ({ type: "text/plain; version=0.0.4; charset=utf-8", body: metrics(sources) })],
    ["/plugins", () => ({ type: "application/json", body: JSON.stringify(sources.plugins.status().map(toSnakeCase)) })],
  ]);
  const server = createServer({ keepAliveTimeout: IDLE_TIMEOUT_MS }, (request, response) => {
    const page = pages.get(request.url?.split("?", 1)[0] ?? "");
    if (page === undefined || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(page === undefined ? 404 : 405).end();
      return;
    }
    const { type, body } = page();
    response.writeHead(200, { "Content-Type": type }).end(request.method === "HEAD" ? undefined : body);
  });
  server.setTimeout(IDLE_TIMEOUT_MS);
  return server;
}

function metrics(sources: TelemetrySources): string {
  return (
    "# HELP sftpgo_active_connections Total number of logged in users\n" +
    "# TYPE sftpgo_active_connections gauge\n" +
    `sftpgo_active_connections ${sources.connectionCount()}\n` +
    processMetrics() +
    formatJournalMetrics(sources.plugins.journal()) +
    formatPluginMetrics(sources.plugins.status())
  );
}

function processMetrics(): string {
  const { rss } = process.memoryUsage();
  const cpu = process.cpuUsage();
  return (
    "# HELP process_resident_memory_bytes Resident memory size in bytes.\n" +
    "# TYPE process_resident_memory_bytes gauge\n" +
    `process_resident_memory_bytes ${rss}\n` +
    "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n" +
    "# TYPE process_cpu_seconds_total counter\n" +
    `process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}\n`
  );
}

/** As every other JSON of the server has its keys. */
function toSnakeCase(status: PluginStatus): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(status).map(([key, value]: [string, unknown]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
