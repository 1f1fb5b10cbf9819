import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import type { PluginStatus } from "@fairlead/plugin-host";

import { createTelemetryServer } from "../src/http/telemetry-server.ts";

const status: PluginStatus = {
  index: 0,
  name: "notify",
  kind: "notifier",
  cmd: "/opt/notify",
  version: "1.2",
  hasGate: false,
  state: "running",
  stateSinceMs: 1_000,
  pid: 7,
  sharedWith: [0],
  responsive: true,
  restarts: 2,
  startedAtMs: 1_000,
  calls: 3,
  failures: 1,
  p50Ms: 0.5,
  p99Ms: 2,
  queueLength: 4,
  queueBytes: 400,
  oldestEventAgeMs: 9,
  delivered: 2,
  failed: 1,
  dropped: 0,
  drops: {},
  lastError: undefined,
  lastErrorAtMs: undefined,
};

async function get(path: string, method = "GET"): Promise<{ status: number; type: string | null; body: string }> {
  const server = createTelemetryServer({
    plugins: { status: () => [status], journal: () => undefined },
    connectionCount: () => 5,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: "close" } });
    return { status: response.status, type: response.headers.get("content-type"), body: await response.text() };
  } finally {
    server.close();
    await once(server, "close");
  }
}

test("metrics have the connections and every plugin", async () => {
  const { type, body } = await get("/metrics");
  assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
  assert.match(body, /^sftpgo_active_connections 5$/m);
  assert.match(body, /^fairlead_plugin_restarts_total\{[^}]*name="notify"[^}]*\} 2$/m);
  assert.match(body, /^process_resident_memory_bytes \d+$/m);
});

test("the state of every plugin is shown as JSON", async () => {
  const [shown] = JSON.parse((await get("/plugins")).body) as Record<string, unknown>[];
  assert.equal(shown?.["state"], "running");
  assert.equal(shown?.["oldest_event_age_ms"], 9);
  assert.equal(shown?.["queue_length"], 4);
});

test("health is answered, other pages and methods are not", async () => {
  assert.equal((await get("/healthz")).body, "ok");
  assert.equal((await get("/healthz", "HEAD")).body, "");
  assert.equal((await get("/nope")).status, 404);
  assert.equal((await get("/metrics", "POST")).status, 405);
});
