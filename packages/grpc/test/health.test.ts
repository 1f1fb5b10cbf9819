import assert from "node:assert/strict";
import { test } from "node:test";

import { checkHealth, createHealthService, GrpcError, watchHealth } from "../src/index.ts";
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
  const statuses = watchHealth(pair.client, "plugin")[Symbol.asyncIterator]();
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
  const statuses = watchHealth(pair.client, "", { deadlineMs: 20 });
  await assert.rejects(Array.fromAsync(statuses), (error) => GrpcError.is(error, "DEADLINE_EXCEEDED"));
});

test("a watcher that leaves is forgotten, others are told on", async () => {
  const health = createHealthService();
  await using pair = await connectInMemory({ register: (server) => health.register(server) });
  for await (const status of watchHealth(pair.client, "")) {
    assert.equal(status, "SERVING");
    break;
  }
  const other = watchHealth(pair.client, "")[Symbol.asyncIterator]();
  assert.equal((await other.next()).value, "SERVING");
  health.set("", "NOT_SERVING");
  assert.equal((await other.next()).value, "NOT_SERVING");
  await other.return?.();
});

test("a server without the health service says UNIMPLEMENTED", async () => {
  await using pair = await connectInMemory({ register: () => {} });
  await assert.rejects(checkHealth(pair.client, ""), { code: "UNIMPLEMENTED" });
  await assert.rejects(Array.fromAsync(watchHealth(pair.client, "")), { code: "UNIMPLEMENTED" });
});
