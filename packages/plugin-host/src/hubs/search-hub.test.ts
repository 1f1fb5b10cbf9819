import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { EventSearcherClient, LogEventsFilter } from "@fairlead/plugin-sdk/client";
import { createRoute, listRoutes } from "../../test/support/fake-routes.ts";
import { createSearchHub } from "./create-search-hub.ts";

const bytes = new TextEncoder().encode("not even JSON");
const filter = { username: "ann" } as LogEventsFilter;

function createClient(search: EventSearcherClient["searchLogEvents"]): EventSearcherClient {
  return {
    connected: true,
    searchFsEvents: () => Promise.resolve(bytes),
    searchProviderEvents: () => Promise.resolve(bytes),
    searchLogEvents: search,
  };
}

test("the filter and the answer pass as they are", async () => {
  const asked: unknown[] = [];
  const client = createClient((...call) => {
    asked.push(call);
    return Promise.resolve(bytes);
  });
  const hub = createSearchHub(listRoutes(createRoute('plugins[0] (eventsearcher "/e")', {}, client)));
  assert.ok(hub.isConfigured);
  assert.equal(await hub.searchLogEvents(filter), bytes);
  assert.deepEqual(asked, [[filter, { timeoutMs: 20_000 }]]);
});

test("a failed search is the plugin's error", async () => {
  const client = createClient(() => Promise.reject(new GrpcError("UNKNOWN", "no database")));
  const hub = createSearchHub(listRoutes(createRoute('plugins[0] (eventsearcher "/e")', {}, client)));
  await assert.rejects(hub.searchLogEvents(filter), {
    code: "ERR_PLUGIN_CALL",
    message: /^rpc error: code = Unknown desc = no database; plugins\[0\] \(eventsearcher "\/e"\)/,
  });
});

test("without an entry, or while its plugin does not run, a search says so", async () => {
  const none = createSearchHub(listRoutes());
  assert.ok(!none.isConfigured);
  await assert.rejects(none.searchLogEvents(filter), { code: "ERR_PLUGIN_NOT_CONFIGURED" });
  const down = createSearchHub(listRoutes(createRoute<object, EventSearcherClient>("plugins[0]", {}, undefined)));
  assert.ok(down.isConfigured);
  await assert.rejects(down.searchLogEvents(filter), { code: "ERR_PLUGIN_UNAVAILABLE" });
});
