import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import { setUpDelivery } from "../../test/support/delivery.ts";
import type { DeliverySetup } from "../../test/support/delivery.ts";
import { createFsEvent, upload } from "../../test/support/events.ts";
import { FakeBackend } from "../../test/support/fake-backend.ts";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { encodeEvent } from "../journal/event-record.ts";
import { EventJournal } from "../journal/event-journal.ts";
import { journalError } from "../journal/journal-problem.ts";

const key = "notifier /p 00 0";
const full = journalError("/j.db", "failing", "database or disk is full");
const unavailable = new GrpcError("UNAVAILABLE", "gone");

interface Setup extends Omit<DeliverySetup, "journal"> {
  readonly backend?: FakeBackend;
}

/** A delivery whose events go through a journal, whose file is a fake one. */
async function setUp({ backend = new FakeBackend(), ...setup }: Setup = {}) {
  const clock = new FakeClock();
  const options = { file: "/j.db", maxAgeMs: 0, whenFailing: "memory", backend, clock, defer: setImmediate } as const;
  const journal = await EventJournal.open({ ...options, logger: createMemoryLogger() });
  const [part] = journal.openPlugins([key]);
  const delivery = setUpDelivery({ ...setup, journal: part! });
  return { ...delivery, backend, journal, journalClock: clock };
}

/** A journal with uploads that an earlier run did not deliver: `user/path`. */
function leftOver(...whats: readonly string[]): FakeBackend {
  const backend = new FakeBackend();
  backend.plugins = [{ number: 1, key }];
  const rows = whats.map((what, index) => {
    const [user = "", path = ""] = what.split("/");
    return { seq: index + 1, lane: user, id: `old-${index + 1}`, body: encodeEvent(upload(user, `/${path}`)) };
  });
  backend.rows.set(2, new Map(rows.map((row) => [row.seq, row])));
  return backend;
}

/** Lets the plugin take whatever it gets, until it gets nothing more. */
async function takeAll({ calls }: Awaited<ReturnType<typeof setUp>>, from = 0): Promise<void> {
  for (let index = from; index < calls.length; index++) {
    calls[index]!.succeed();
    await settle();
  }
}

test("events of an earlier run come first, with their ids, then the new ones", async () => {
  const setup = await setUp({ backend: leftOver("ann/1", "bob/1", "ann/2") });
  setup.offer("ann", "/3");
  await settle();
  await settle();
  await takeAll(setup);
  assert.deepEqual(setup.whats(), ["ann/1", "bob/1", "ann/2", "ann/3"]);
  assert.deepEqual(
    setup.calls.map(({ options }) => options.eventId),
    ["old-1", "old-2", "old-3", "id-0"],
  );
  await setup.journalClock.advance(200);
  assert.equal(setup.backend.rows.get(2)?.size, 0);
  assert.deepEqual([setup.delivery.counters.queueLength, setup.delivery.counters.delivered], [0, 4]);
});

test("an event is sent without waiting for the disk, and is safe once the plugin took it", async () => {
  const { backend, calls, delivery, whats } = await setUp();
  backend.eager = false;
  let safe = false;
  void delivery.offerDurably(upload("ann", "/1"), "id")?.then(() => (safe = true));
  await settle();
  assert.deepEqual([whats(), safe], [["ann/1"], false]);
  calls[0]?.succeed();
  await settle();
  assert.equal(safe, true);
});

test("a plugin that is down costs no event and, beyond a window, no memory", async () => {
  const setup = await setUp({ policy: { journalWindowBytes: 50_000 } });
  const { backend, delivery, offer, down, up, reasons, whats } = setup;
  down();
  const names = Array.from({ length: 40 }, (_, index) => `user${index % 4}`);
  for (const [index, name] of [...names, ...names, ...names, ...names, ...names].entries()) offer(name, `/${index}`);
  await settle();
  assert.ok(delivery.counters.queueBytes < 52_000, String(delivery.counters.queueBytes));
  assert.equal(delivery.counters.queueLength, 200);
  assert.equal(backend.rows.get(2)?.size, 200);
  up();
  await settle();
  for (let index = 0; index < 200; index++) {
    setup.calls[index]?.succeed();
    await settle();
  }
  for (let user = 0; user < 4; user++) {
    const paths = whats().filter((what) => what.startsWith(`user${user}/`));
    assert.deepEqual(
      paths,
      Array.from({ length: 50 }, (_, index) => `user${user}/${index * 4 + user}`),
    );
  }
  assert.deepEqual([delivery.counters.queueLength, reasons()], [0, []]);
});

test("a user whose events fail does not take the place of the others", async () => {
  const setup = await setUp({ policy: { journalWindowBytes: 600_000 } });
  const { calls, delivery, offer, whats, clock } = setup;
  for (let index = 0; index < 1_000; index++) offer("ann", `/${index}`);
  await settle();
  calls[0]?.fail();
  await settle();
  offer("bob", "/1");
  await settle();
  assert.equal(whats().at(-1), "bob/1");
  assert.ok(delivery.counters.queueBytes < 400_000, String(delivery.counters.queueBytes));
  calls[1]?.succeed();
  await clock.advance(1_000);
  for (let index = 2; index < 1_002; index++) {
    calls[index]?.succeed();
    await settle();
  }
  const told = whats().filter((what) => what.startsWith("ann/"));
  assert.deepEqual(
    told.slice(1),
    Array.from({ length: 1_000 }, (_, index) => `ann/${index}`),
  );
  assert.equal(delivery.counters.queueLength, 0);
});

test("events are tried again without retry_max_time, for as long as it takes", async () => {
  const { calls, clock, offer, reasons } = await setUp();
  offer("ann", "/1");
  await settle();
  for (let hour = 0; hour < 48; hour++) {
    calls.at(-1)?.fail();
    await clock.advance(3_600_000);
  }
  assert.deepEqual(reasons(), []);
  assert.equal(calls.length, 49);
});

test("retry_max_time begins when the plugin refuses an event for the first time", async () => {
  const { calls, clock, down, offer, reasons, up, whats } = await setUp({ retryMaxTimeS: 60 });
  offer("ann", "/1");
  offer("ann", "/2");
  await settle();
  down();
  calls.at(-1)?.fail(unavailable);
  await clock.advance(86_400_000);
  up();
  await settle();
  for (let second = 0; second <= 60; second += 10) {
    calls.at(-1)?.fail();
    await clock.advance(12_000);
  }
  assert.deepEqual(reasons(), ["too-old"]);
  assert.equal(whats().at(-1), "ann/2");
});

test("time in which the plugin answers nothing costs no event", async () => {
  const { calls, clock, offer, reasons } = await setUp({ retryMaxTimeS: 1 });
  offer("ann", "/1");
  await settle();
  for (const code of ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"] as const) {
    calls.at(-1)?.fail(new GrpcError(code, "x"));
    await clock.advance(60_000);
  }
  assert.deepEqual(reasons(), []);
});

test("retry_queue_max_size bounds nothing", async () => {
  const { delivery, down, offer, reasons } = await setUp({ retryMaxTimeS: 60, retryQueueMaxSize: 2 });
  down();
  for (let index = 0; index < 10; index++) offer("ann", `/${index}`);
  assert.deepEqual([delivery.counters.queueLength, reasons()], [10, []]);
});

test("a start that failed drops nothing", async () => {
  const { delivery, down, offer } = await setUp();
  offer("ann", "/1");
  down(true);
  assert.equal(delivery.counters.dropped, 0);
});

test("what was not delivered at the end stays for the next run", async () => {
  const first = await setUp();
  for (const path of ["/1", "/2", "/3"]) first.offer("ann", path);
  await settle();
  first.calls[0]?.succeed();
  await settle();
  first.delivery.close();
  first.calls[1]?.fail(unavailable);
  await settle();
  await first.journal.close();
  assert.equal(first.delivery.counters.dropped, 0);
  assert.equal(first.clock.pending, 0);
  const { backend } = first;
  backend.plugins = [{ number: 1, key }];
  const second = await setUp({ backend });
  await settle();
  await settle();
  await takeAll(second);
  assert.deepEqual(second.whats(), ["ann/2", "ann/3"]);
  assert.deepEqual(
    second.calls.map(({ options }) => options.eventId),
    ["id-1", "id-2"],
  );
});

test("idle does not wait for a plugin that is down", async () => {
  const { delivery, down, offer } = await setUp();
  offer("ann", "/1");
  await settle();
  let idle = false;
  void delivery.idle().then(() => (idle = true));
  await settle();
  assert.equal(idle, false);
  down();
  await settle();
  assert.equal(idle, true);
  await delivery.idle();
});

test("events go on being delivered while the disk does not work, in order", async () => {
  const setup = await setUp();
  setup.backend.failure = full;
  for (const path of ["/1", "/2", "/3"]) setup.offer("ann", path);
  await settle();
  await takeAll(setup);
  assert.deepEqual(setup.whats(), ["ann/1", "ann/2", "ann/3"]);
  assert.equal(setup.delivery.counters.queueLength, 0);
});

test("while the disk does not work memory is bounded, and what does not fit is dropped and told", async () => {
  const { backend, delivery, down, reasons } = await setUp();
  backend.failure = full;
  down();
  const event = { kind: "fs", event: createFsEvent({ path: "x".repeat(500_000) }) } as const;
  for (let index = 0; index < 100; index++) delivery.offer(event, `id-${index}`);
  assert.deepEqual(reasons(), ["journal-failing"]);
  assert.equal(delivery.drops.get("journal-failing"), 100 - delivery.counters.queueLength);
});

test("rows that are no events are left out, counted, and removed", async () => {
  const backend = leftOver("ann/1", "ann/2", "ann/3");
  const rows = backend.rows.get(2)!;
  rows.set(2, { ...rows.get(2)!, body: Uint8Array.of(1, 2, 3) });
  const setup = await setUp({ backend });
  await settle();
  await settle();
  await takeAll(setup);
  assert.deepEqual(setup.whats(), ["ann/1", "ann/3"]);
  assert.equal(setup.delivery.drops.get("unreadable"), 1);
  await setup.journalClock.advance(200);
  assert.equal(rows.size, 0);
});

test("a journal that cannot be read is tried again, and says so", async () => {
  const backend = leftOver("ann/1");
  const setup = await setUp({ backend });
  backend.failure = full;
  await settle();
  setup.delivery.retryNow();
  await settle();
  assert.ok(setup.logger.find("event journal cannot be read"));
  backend.failure = undefined;
  await setup.clock.advance(1_000);
  await settle();
  assert.deepEqual(setup.whats(), ["ann/1"]);
});

test("what the journal drops is not sent, but for what is under way, and the rest is", async () => {
  const setup = await setUp();
  const { backend, calls, delivery, offer, reasons, whats } = setup;
  for (const path of ["/1", "/2", "/3"]) offer("ann", path);
  await settle();
  const seqs = [...backend.rows.get(2)!.keys()];
  backend.outcome = { dropped: [{ stream: 2, throughSeq: seqs[1]!, count: 2, reason: "journal-full" }] };
  offer("bob", "/1");
  await settle();
  assert.deepEqual(reasons(), ["journal-full"]);
  assert.equal(delivery.drops.get("journal-full"), 2);
  calls[0]?.succeed();
  calls[1]?.succeed();
  await settle();
  calls[2]?.succeed();
  await settle();
  assert.deepEqual(whats(), ["ann/1", "bob/1", "ann/3"]);
  assert.equal(delivery.counters.queueLength, 0);
});

test("an event that cannot be encoded is dropped at once", async () => {
  const { calls, offer, reasons, delivery } = await setUp();
  offer("ann", "/1");
  await settle();
  calls[0]?.fail(new RangeError("too large"));
  await settle();
  assert.deepEqual([reasons(), delivery.counters.queueLength], [["unsendable"], 0]);
});

test("failed logins have a stream of their own", async () => {
  const { backend, calls, offer, offerLog } = await setUp();
  offerLog("ann", 1);
  offer("ann", "/1");
  await settle();
  assert.deepEqual(
    [...backend.rows.keys()].toSorted((a, b) => a - b),
    [2, 3],
  );
  assert.equal(calls.length, 2);
});

test("events of a journal that was lost with its file are no longer waited for", async () => {
  const setup = await setUp({ policy: { journalWindowBytes: 3_000 } });
  const { backend, delivery, down, offer, up } = setup;
  down();
  for (let index = 0; index < 100; index++) offer("ann", `/${index}`);
  await settle();
  backend.rows.clear();
  up();
  await settle();
  await takeAll(setup);
  await settle();
  assert.ok(setup.calls.length < 10);
  assert.equal(delivery.counters.queueLength, 0);
  await delivery.idle();
});
