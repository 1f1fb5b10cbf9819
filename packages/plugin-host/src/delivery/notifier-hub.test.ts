import assert from "node:assert/strict";
import { test } from "node:test";
import type { NotifierClient, SendOptions } from "@fairlead/plugin-sdk/client";
import { upload } from "../../test/support/events.ts";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { defaultDeliveryPolicy } from "./delivery-policy.ts";
import { createEventFilter } from "./event-filter.ts";
import { NotifierDelivery } from "./notifier-delivery.ts";
import { createNotifierHub } from "./notifier-hub.ts";

function createRoute(clock: FakeClock, fsEvents: readonly string[], client?: Partial<NotifierClient>) {
  const notifierOptions = {
    fsEvents,
    providerEvents: ["add"],
    providerObjects: ["user"],
    logEvents: [5],
    retryMaxTimeS: 60,
    retryQueueMaxSize: 0,
  };
  const calls: SendOptions[] = [];
  const delivery = new NotifierDelivery({
    notifierOptions,
    policy: defaultDeliveryPolicy,
    clock,
    defer: setImmediate,
    random: () => 0,
    logger: createMemoryLogger(),
  });
  const recording: NotifierClient = {
    connected: true,
    sendFsEvent: async (_event, options = {}) => void calls.push(options),
    sendProviderEvent: async () => {},
    sendLogEvent: async () => {},
    ...client,
  };
  delivery.setAvailability({ status: "up", client: recording });
  return { filter: createEventFilter(notifierOptions), delivery, calls };
}

test("an event goes to every notifier that wants it, under one id", async () => {
  const clock = new FakeClock();
  const routes = [
    createRoute(clock, ["upload"]),
    createRoute(clock, ["upload", "delete"]),
    createRoute(clock, ["delete"]),
  ];
  const hub = createNotifierHub(routes, { clock, runId: "run" });
  hub.publish(upload("ann", "/1"));
  hub.publish(upload("ann", "/2", { action: "delete" }));
  await settle();
  assert.deepEqual(
    routes.map(({ calls }) => calls.map(({ eventId }) => eventId)),
    [["run-0"], ["run-0", "run-1"], ["run-1"]],
  );
});

test("wants tells what some notifier is configured for", () => {
  const clock = new FakeClock();
  const hub = createNotifierHub([createRoute(clock, []), createRoute(clock, ["upload"])], { clock, runId: "run" });
  assert.deepEqual([hub.wants("fs", "upload"), hub.wants("fs", "mkdir")], [true, false]);
  assert.deepEqual([hub.wants("provider", "add", "user"), hub.wants("provider", "add", "admin")], [true, false]);
  assert.deepEqual([hub.wants("log", 5), hub.wants("log", 1)], [true, false]);
});

test("drain waits for what was accepted", async () => {
  const clock = new FakeClock();
  const hub = createNotifierHub([createRoute(clock, ["upload"])], { clock, runId: "run" });
  for (let index = 0; index < 10; index++) hub.publish(upload("ann", `/${index}`));
  assert.deepEqual(await hub.drain(), { delivered: 10, dropped: 0, kept: 0 });
  assert.equal(clock.pending, 0);
});

test("drain ends after its time and counts what is left", async () => {
  const clock = new FakeClock();
  const route = createRoute(clock, ["upload"], { sendFsEvent: () => new Promise(() => {}) });
  const hub = createNotifierHub([route], { clock, runId: "run" });
  for (let index = 0; index < 3; index++) hub.publish(upload("ann", `/${index}`));
  const drained = hub.drain({ timeoutMs: 1_000 });
  await clock.advance(1_000);
  assert.deepEqual(await drained, { delivered: 0, dropped: 3, kept: 0 });
});

test("a host without notifiers takes events and drains at once", async () => {
  const hub = createNotifierHub([], { clock: new FakeClock(), runId: "run" });
  hub.publish(upload("ann", "/1"));
  assert.deepEqual(await hub.drain(), { delivered: 0, dropped: 0, kept: 0 });
});
