import assert from "node:assert/strict";
import { test } from "node:test";

import { checkHealth, createHealthService, GrpcError } from "../src/index.ts";
import { healthWatchMethod } from "../src/health/health-methods.ts";
import { connectInMemory } from "./fixtures/connections.ts";

test("the server as a whole is SERVING, services are what they were set to, others are NOT_FOUND", async () => {
  const health = createHealthService();
  health.set("plugin", "SERVING");
  health.set("broken", "NOT_SERVING");
  await using pair = await connectInMemory({ register: (server) => health.register(server) });
  assert.equal(await checkHealth(pair.client, ""), "SERVING");
  assert.equal(await checkHealth(pair.client, "plugin"), "SERVING");
  assert.equal(await checkHealth(pair.client, "broken"), "NOT_SERVING");
  await assert.rejects(checkHealth(pair.client, "other"), { code: "NOT_FOUND", message: "unknown service" });
  assert.deepEqual(pair.server.services, ["grpc.health.v1.Health"]);
});

test("a watcher is told the status now and at each change, once each", async () => {
  const health = createHealthService();
  await using pair = await connectInMemory({ register: (server) => health.register(server) });
  const statuses = pair.client.serverStream(healthWatchMethod, "plugin")[Symbol.asyncIterator]();
  assert.equal((await statuses.next()).value, "SERVICE_UNKNOWN");
  health.set("plugin", "SERVING");
  assert.equal((await statuses.next()).value, "SERVING");
  health.set("plugin", "SERVING");
  health.set("plugin", "NOT_SERVING");
  assert.equal((await statuses.next()).value, "NOT_SERVING");
  await statuses.return?.();
});

test("a watcher ends with its deadline", async () => {
  const health = createHealthService();
  await using pair = await connectInMemory({ register: (server) => health.register(server) });
  const statuses = pair.client.serverStream(healthWatchMethod, "", { deadlineMs: 20 });
  await assert.rejects(Array.fromAsync(statuses), (error) => GrpcError.is(error, "DEADLINE_EXCEEDED"));
});
