import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import { setUpDelivery as setUp } from "../../test/support/delivery.ts";
import { settle } from "../../test/support/fake-clock.ts";

test("nothing is sent in the turn of the offer, all of it after", async () => {
  const { offer, whats } = setUp();
  offer("ann", "/1");
  offer("bob", "/1");
  assert.deepEqual(whats(), []);
  await settle();
  assert.deepEqual(whats(), ["ann/1", "bob/1"]);
});

test("a user's next event goes when the plugin took the one before", async () => {
  const { offer, calls, whats, delivery } = setUp();
  offer("ann", "/1");
  offer("ann", "/2");
  await settle();
  assert.deepEqual(whats(), ["ann/1"]);
  calls[0]?.succeed();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/2"]);
  assert.deepEqual(
    calls.map(({ options }) => options.eventId),
    ["id-0", "id-1"],
  );
  calls[1]?.succeed();
  await settle();
  assert.deepEqual(delivery.counters, {
    queueLength: 0,
    queueBytes: 0,
    oldestEventAgeMs: undefined,
    delivered: 2,
    failed: 0,
    dropped: 0,
  });
});

test("calls at once are bounded, and every user gets a turn", async () => {
  const { offer, calls, whats } = setUp({ policy: { maxInFlight: 2 } });
  for (const user of ["a", "b", "c"]) for (const path of ["/1", "/2"]) offer(user, path);
  await settle();
  assert.deepEqual(whats(), ["a/1", "b/1"]);
  calls[0]?.succeed();
  await settle();
  assert.deepEqual(whats(), ["a/1", "b/1", "c/1"]);
});

test("a call may take as long as in SFTPGo", async () => {
  const { offer, calls } = setUp();
  offer("ann", "/1");
  await settle();
  assert.equal(calls[0]?.options.timeoutMs, 20_000);
});

test("without retry_max_time a failed event is dropped and the next goes", async () => {
  const { offer, calls, whats, reasons, delivery } = setUp();
  offer("ann", "/1");
  offer("ann", "/2");
  await settle();
  calls[0]?.fail();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/2"]);
  assert.deepEqual(reasons(), ["not-retried"]);
  assert.equal(delivery.lastError?.message, "no");
});

test("with retry_max_time the failed event is tried again before the next of its user, with its id", async () => {
  const { offer, calls, whats, clock } = setUp({ retryMaxTimeS: 60 });
  offer("ann", "/1");
  offer("ann", "/2");
  offer("bob", "/1");
  await settle();
  calls[0]?.fail();
  await clock.advance(199);
  assert.deepEqual(whats(), ["ann/1", "bob/1"]);
  await clock.advance(1);
  assert.deepEqual(whats(), ["ann/1", "bob/1", "ann/1"]);
  assert.equal(calls[2]?.options.eventId, "id-0");
  calls[2]?.succeed();
  await settle();
  assert.equal(whats().at(-1), "ann/2");
});

test("an event is given up at the failure after its time", async () => {
  const { offer, calls, whats, clock, reasons, logger } = setUp({ retryMaxTimeS: 5 });
  offer("ann", "/1");
  offer("ann", "/2");
  await settle();
  for (let round = 0; round < 6; round++) {
    calls.at(-1)?.fail();
    await clock.advance(10_000);
  }
  assert.deepEqual(whats(), ["ann/1", "ann/1", "ann/2"]);
  assert.deepEqual(reasons(), ["too-old", "too-old"].slice(0, reasons().length));
  assert.ok(logger.find("plugin did not take an event"));
});

test("the log names the event that failed, and the one that was dropped", async () => {
  const { offer, calls, logger } = setUp();
  offer("ann", "/reports/1");
  await settle();
  calls[0]?.fail();
  await settle();
  for (const message of ["plugin did not take an event", "events dropped"]) {
    const { kind, action, username, virtualPath } = logger.find(message)?.fields ?? {};
    assert.deepEqual(
      { kind, action, username, virtualPath },
      { kind: "fs", action: "upload", username: "ann", virtualPath: "/reports/1" },
    );
  }
});

test("an event that fails again and again is named with what it holds back", async () => {
  const message = "an event that fails again and again holds later ones back";
  const { offer, calls, clock, logger } = setUp({ retryMaxTimeS: 600 });
  for (const path of ["/poison", "/2", "/3"]) offer("ann", path);
  await settle();
  for (let attempt = 1; attempt < 5; attempt++) {
    calls.at(-1)?.fail();
    await clock.advance(10_000);
  }
  assert.equal(logger.find(message), undefined);
  calls.at(-1)?.fail();
  await settle();
  assert.deepEqual(logger.find(message), {
    level: "warn",
    message,
    fields: {
      kind: "fs",
      action: "upload",
      username: "ann",
      virtualPath: "/poison",
      eventId: "id-0",
      attempts: 5,
      ageMs: 40_000,
      heldBack: 2,
      count: 1,
    },
  });
});

test("events wait for a plugin that is down, whatever their age, and arrive in order", async () => {
  const { offer, calls, whats, clock, up, down } = setUp({ retryMaxTimeS: 5 });
  offer("ann", "/1");
  offer("ann", "/2");
  await settle();
  down();
  calls[0]?.fail(new GrpcError("UNAVAILABLE", "gone"));
  await settle();
  offer("ann", "/3");
  await clock.advance(28_000);
  assert.deepEqual(whats(), ["ann/1"]);
  up();
  for (let index = 1; index <= 3; index++) {
    await settle();
    calls[index]?.succeed();
  }
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/1", "ann/2", "ann/3"]);
});

test("a restart does not wait for the time of a failed event", async () => {
  const { offer, calls, whats, up, down } = setUp({ retryMaxTimeS: 60 });
  offer("ann", "/1");
  await settle();
  down();
  calls[0]?.fail(new GrpcError("UNAVAILABLE", "gone"));
  await settle();
  up();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/1"]);
});

test("without retry_max_time events of a plugin that is down are dropped, with one line of log", async () => {
  const { offer, down, up, whats, reasons, delivery } = setUp();
  down();
  for (let index = 0; index < 100; index++) offer("ann", `/${index}`);
  up();
  await settle();
  assert.deepEqual(whats(), []);
  assert.deepEqual(reasons(), ["plugin-down"]);
  assert.equal(delivery.counters.dropped, 100);
});

test("without retry_max_time events accepted before survive one restart, not a failed one", async () => {
  const { offer, calls, down, up, whats, delivery } = setUp();
  for (const path of ["/1", "/2"]) offer("ann", path);
  await settle();
  down();
  calls[0]?.fail(new GrpcError("UNAVAILABLE", "gone"));
  await settle();
  up();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/2"]);
  offer("ann", "/3");
  down(false);
  calls[1]?.fail(new GrpcError("UNAVAILABLE", "gone"));
  await settle();
  down(true);
  assert.equal(delivery.counters.queueLength, 0);
  assert.equal(delivery.counters.dropped, 3);
});

test("a connection that ended costs only the events that were on it", async () => {
  const { offer, calls, connection, whats, delivery, down, up } = setUp();
  for (const path of ["/1", "/2", "/3"]) offer("ann", path);
  await settle();
  connection.open = false;
  calls[0]?.fail(new GrpcError("UNAVAILABLE", "gone"));
  await settle();
  assert.deepEqual(whats(), ["ann/1"]);
  down();
  connection.open = true;
  up();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/2"]);
  assert.equal(delivery.counters.dropped, 1);
});

test("a plugin that does not answer gets nothing, and nothing is dropped", async () => {
  const { offer, delivery, whats, up } = setUp();
  delivery.setAvailability({ status: "paused" });
  offer("ann", "/1");
  await settle();
  assert.deepEqual(whats(), []);
  up();
  await settle();
  assert.deepEqual(whats(), ["ann/1"]);
});

test("retry_queue_max_size bounds the events that wait for a plugin that is down", async () => {
  const { offer, down, up, calls, whats, reasons } = setUp({ retryMaxTimeS: 60, retryQueueMaxSize: 2 });
  down();
  for (const path of ["/1", "/2", "/3"]) offer("ann", path);
  assert.deepEqual(reasons(), ["retry-queue-full"]);
  up();
  await settle();
  calls[0]?.succeed();
  await settle();
  calls[1]?.succeed();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/2"]);
});

test("retry_queue_max_size bounds the events that failed", async () => {
  const { offer, calls, reasons, delivery } = setUp({ retryMaxTimeS: 60, retryQueueMaxSize: 1 });
  offer("ann", "/1");
  offer("bob", "/1");
  await settle();
  calls[0]?.fail();
  calls[1]?.fail();
  await settle();
  assert.deepEqual(reasons(), ["retry-queue-full"]);
  assert.equal(delivery.counters.queueLength, 1);
});

test("memory is bounded whatever the configuration says", () => {
  const { offer, down, reasons, delivery } = setUp({ retryMaxTimeS: 3_600, policy: { maxQueueBytes: 10_000 } });
  down();
  for (let index = 0; index < 1_000; index++) offer("ann", `/${index}`);
  assert.ok(delivery.counters.queueBytes <= 10_000);
  assert.ok(delivery.counters.queueLength > 5);
  assert.deepEqual(reasons(), ["queue-full"]);
});

test("an event that cannot be encoded is dropped at once", async () => {
  const { offer, calls, reasons } = setUp({ retryMaxTimeS: 60 });
  offer("ann", "/1");
  await settle();
  calls[0]?.fail(new RangeError("too large"));
  await settle();
  assert.deepEqual(reasons(), ["unsendable"]);
});

test("idle settles when the last event is dealt with", async () => {
  const { offer, calls, delivery } = setUp();
  offer("ann", "/1");
  let idle = false;
  const waiting = delivery.idle().then(() => (idle = true));
  await settle();
  assert.equal(idle, false);
  calls[0]?.fail();
  await waiting;
  await delivery.idle();
});

test("retryNow does not wait for the time of a failed event", async () => {
  const { offer, calls, whats, delivery, clock } = setUp({ retryMaxTimeS: 60 });
  offer("ann", "/1");
  await settle();
  calls[0]?.fail();
  await settle();
  delivery.retryNow();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "ann/1"]);
  assert.equal(clock.pending, 1, "only the aggregated log waits");
});

test("close drops what waits, lets calls end, and leaves no timer", async () => {
  const { offer, calls, delivery, clock, reasons } = setUp({ retryMaxTimeS: 60 });
  for (const user of ["ann", "bob", "cat"]) offer(user, "/1");
  offer("ann", "/2");
  await settle();
  calls[1]?.fail();
  await settle();
  delivery.close();
  delivery.close();
  offer("ann", "/3");
  calls[0]?.succeed();
  calls[2]?.fail();
  await settle();
  await delivery.idle();
  const { delivered, dropped, queueLength, queueBytes } = delivery.counters;
  assert.deepEqual(
    { delivered, dropped, queueLength, queueBytes },
    { delivered: 1, dropped: 4, queueLength: 0, queueBytes: 0 },
  );
  assert.ok(reasons().every((reason) => reason === "stopped"));
  assert.equal(clock.pending, 0);
});
