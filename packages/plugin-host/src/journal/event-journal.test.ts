import assert from "node:assert/strict";
import { test } from "node:test";
import { createFsEvent, login, upload } from "../../test/support/events.ts";
import { FakeBackend } from "../../test/support/fake-backend.ts";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import type { HostEvent } from "../host-event.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { encodeEvent } from "./event-record.ts";
import { EventJournal } from "./event-journal.ts";
import type { JournalFailurePolicy } from "./journal-options.ts";
import { journalError } from "./journal-problem.ts";
import type { JournalDrop, JournaledEvent, JournalStream } from "./journal-stream.ts";

const key = "notifier /p 00 0";
const full = journalError("/j.db", "failing", "database or disk is full");

interface Setup {
  readonly backend?: FakeBackend;
  readonly whenFailing?: JournalFailurePolicy;
  readonly maxAgeMs?: number;
  readonly keys?: readonly string[];
}

async function setUp({ backend = new FakeBackend(), whenFailing = "memory", maxAgeMs = 0, keys = [key] }: Setup = {}) {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const options = { file: "/j.db", maxAgeMs, whenFailing, backend, clock, defer: setImmediate, logger };
  const journal = await EventJournal.open(options);
  const plugins = journal.openPlugins(keys);
  const { users } = plugins[0]!;
  const append = (path: string, username = "ann"): JournaledEvent => {
    const appended = users.append(upload(username, path), `id${path}`, username);
    assert.ok(appended);
    return appended;
  };
  return { backend, clock, logger, journal, plugins, users, append };
}

async function readAll(stream: JournalStream, lane?: string): Promise<readonly string[]> {
  const range = { afterSeq: 0, throughSeq: stream.lastSeq, limit: 1_000, ...(lane !== undefined && { lane }) };
  const page = await stream.read(range);
  return page.events.map((found) => (found.event === undefined ? "unreadable" : found.id));
}

/** What a hold has come to, without waiting. */
function watch(hold: Promise<void> | undefined): { state: string } {
  const watched = { state: hold === undefined ? "none" : "waiting" };
  hold?.then(
    () => (watched.state = "safe"),
    () => (watched.state = "refused"),
  );
  return watched;
}

test("what is appended in one turn is written in one transaction, in order", async () => {
  const { backend, append } = await setUp();
  for (const path of ["/1", "/2", "/3"]) append(path);
  assert.equal(backend.batches.length, 0);
  await settle();
  assert.deepEqual(
    backend.batches.map(({ appended }) => appended.map(({ id }) => id)),
    [["id/1", "id/2", "id/3"]],
  );
});

test("what comes while the disk is busy is written together when it is not", async () => {
  const { backend, append } = await setUp();
  backend.eager = false;
  append("/1");
  await settle();
  for (const path of ["/2", "/3"]) {
    append(path);
    await settle();
  }
  assert.equal(backend.batches.length, 1);
  backend.answer();
  await settle();
  assert.deepEqual(
    backend.batches[1]?.appended.map(({ id }) => id),
    ["id/2", "id/3"],
  );
});

test("an event is safe when it is on the disk, not before", async () => {
  const { backend, users, append } = await setUp();
  backend.eager = false;
  const hold = watch(users.settled(append("/1")));
  await settle();
  assert.equal(hold.state, "waiting");
  backend.answer();
  await settle();
  assert.equal(hold.state, "safe");
  backend.eager = true;
  const second = append("/2");
  await settle();
  assert.equal(users.settled(second), undefined);
});

test("an event that the plugin took first is safe, and not written", async () => {
  const { backend, users, append } = await setUp();
  const { seq } = append("/1");
  const kept = append("/2");
  const hold = watch(users.settled({ ...kept, seq }));
  users.acknowledge(seq);
  await settle();
  assert.equal(hold.state, "safe");
  assert.deepEqual(
    backend.batches[0]?.appended.map(({ id }) => id),
    ["id/2"],
  );
});

test("an event that the plugin took while it was being written is removed with a later transaction", async () => {
  const { backend, clock, users, append } = await setUp();
  backend.eager = false;
  const appended = append("/1");
  const hold = watch(users.settled(appended));
  await settle();
  users.acknowledge(appended.seq);
  await settle();
  assert.equal(hold.state, "safe");
  backend.answer();
  await clock.advance(100);
  assert.deepEqual(backend.batches[1]?.acknowledged, [{ stream: 2, seq: appended.seq }]);
});

test("acknowledgements go with the next event, else after a moment, many at once", async () => {
  const { backend, clock, users, append } = await setUp();
  const events = ["/1", "/2", "/3"].map((path) => append(path));
  await settle();
  users.acknowledge(events[0]!.seq);
  await settle();
  assert.equal(backend.batches.length, 1);
  append("/4");
  await settle();
  assert.equal(backend.batches[1]?.acknowledged.length, 1);
  for (const { seq } of events.slice(1)) users.acknowledge(seq);
  await clock.advance(100);
  assert.equal(backend.batches[2]?.acknowledged.length, 2);
  assert.equal(users.count, 1);
});

test("a large batch is divided", async () => {
  const { backend, append } = await setUp();
  for (let index = 0; index < 2_500; index++) append(`/${index}`);
  await settle();
  await settle();
  await settle();
  assert.deepEqual(
    backend.batches.map(({ appended }) => appended.length),
    [1_000, 1_000, 500],
  );
});

test("events are read wherever they are: on the disk, on the way to it, or waiting for it", async () => {
  const { backend, users, append } = await setUp();
  append("/1");
  await settle();
  backend.eager = false;
  append("/2");
  append("/b", "bob");
  await settle();
  append("/3");
  const reading = readAll(users);
  const readingBob = readAll(users, "bob");
  append("/4");
  backend.answer();
  assert.deepEqual(await reading, ["id/1", "id/2", "id/b", "id/3"]);
  assert.deepEqual(await readingBob, ["id/b"]);
});

test("a full disk is told once, holds are let go, and events go to the disk when there is room again", async () => {
  const { backend, clock, logger, journal, users, append } = await setUp();
  backend.failure = full;
  const first = watch(users.settled(append("/1")));
  await settle();
  assert.equal(first.state, "safe");
  assert.equal(users.settled(append("/2")), undefined);
  await clock.advance(5_000);
  assert.deepEqual(
    logger.lines.map(({ level, message }) => `${level} ${message}`),
    ["error event journal cannot be written, events wait in memory"],
  );
  assert.equal(journal.status.state, "failing");
  assert.match(journal.status.lastError ?? "", /disk is full/);
  assert.equal(journal.isRefusing, false);
  assert.deepEqual(await readAll(users).catch(() => "fails"), "fails");
  backend.failure = undefined;
  await clock.advance(1_000);
  assert.equal(logger.lines.at(-1)?.message, "event journal works again");
  assert.deepEqual(await readAll(users), ["id/1", "id/2"]);
  assert.deepEqual([journal.status.state, journal.status.unwritten], ["working", 0]);
  assert.deepEqual([...(backend.rows.get(2)?.keys() ?? [])].length, 2);
});

test("a disk that works again is noticed though there is nothing to write", async () => {
  const { backend, clock, journal, users, append } = await setUp();
  backend.failure = full;
  const { seq } = append("/1");
  await settle();
  users.acknowledge(seq);
  await clock.advance(3_000);
  assert.equal(journal.status.state, "failing");
  backend.failure = undefined;
  await clock.advance(1_000);
  assert.equal(journal.status.state, "working");
});

test("with `refuse` holds are refused while the disk does not work, and operations with them", async () => {
  const { backend, clock, journal, plugins, users, append } = await setUp({ whenFailing: "refuse" });
  backend.failure = full;
  const first = users.settled(append("/1"));
  await assert.rejects(first ?? Promise.resolve(), (error) => PluginHostError.is(error, "ERR_JOURNAL"));
  assert.equal(plugins[0]?.isRefusing, true);
  await assert.rejects(users.settled(append("/2")) ?? Promise.resolve(), PluginHostError);
  backend.failure = undefined;
  await clock.advance(1_000);
  assert.equal(journal.isRefusing, false);
  assert.deepEqual(await readAll(users), ["id/1", "id/2"]);
});

test("a disk that takes too long counts as one that does not work, until it has answered", async () => {
  const { backend, clock, journal, users, append } = await setUp();
  backend.eager = false;
  const hold = watch(users.settled(append("/1")));
  await clock.advance(4_999);
  assert.equal(hold.state, "waiting");
  await clock.advance(1);
  assert.equal(hold.state, "safe");
  assert.match(journal.status.lastError ?? "", /more than 5 s/);
  assert.equal(users.settled(append("/2")), undefined);
  backend.answer();
  await settle();
  assert.equal(journal.status.state, "working");
  assert.equal(backend.batches.length, 2, "written once, not again");
});

test("what waits for a disk that does not work is bounded", async () => {
  const { backend, journal, users } = await setUp();
  backend.failure = full;
  const large: HostEvent = { kind: "fs", event: createFsEvent({ path: "x".repeat(1024 * 1024) }) };
  let taken = 0;
  while (taken < 1_000 && users.append(large, "id", "ann") !== undefined) taken++;
  assert.ok(taken > 20 && taken < 40, String(taken));
  await settle();
  assert.ok(journal.status.unwrittenBytes <= 64 * 1024 * 1024);
  assert.equal(users.count, taken);
});

test("a file that is damaged while it is used is set aside, and what waits goes into the new one", async () => {
  const { backend, clock, logger, users, append } = await setUp();
  append("/1");
  await settle();
  backend.failure = journalError("/j.db", "damaged");
  append("/2");
  await settle();
  backend.isOpen = false;
  backend.failure = undefined;
  backend.rows.clear();
  backend.setAside = "/j.db.damaged-1";
  await clock.advance(1_000);
  assert.equal(backend.opened, 2);
  assert.equal(logger.find("event journal is damaged, a new one is begun")?.fields["setAside"], "/j.db.damaged-1");
  assert.deepEqual(await readAll(users), ["id/2"]);
  assert.deepEqual(backend.batches.at(-1)?.plugins, [{ number: 1, key }]);
});

test("a file that cannot be made because the disk is full is made later", async () => {
  const backend = new FakeBackend();
  backend.failure = full;
  const { clock, journal, users, append } = await setUp({ backend });
  append("/1");
  await clock.advance(2_000);
  assert.equal(journal.status.state, "failing");
  backend.failure = undefined;
  await clock.advance(1_000);
  assert.equal(journal.status.state, "working");
  assert.deepEqual(await readAll(users), ["id/1"]);
});

for (const problem of ["newer", "foreign", "in-use", "forbidden"] as const) {
  test(`a file that must not be used stops the start: ${problem}`, async () => {
    const backend = new FakeBackend();
    backend.failure = journalError("/j.db", problem);
    await assert.rejects(setUp({ backend }), (error) => PluginHostError.is(error, "ERR_JOURNAL"));
    assert.equal(backend.closed, 1);
  });
}

test("new events come after those of earlier runs", async () => {
  const backend = new FakeBackend();
  backend.plugins = [{ number: 1, key }];
  const body = encodeEvent(upload("ann", "/old"));
  backend.rows.set(2, new Map([[41, { seq: 41, lane: "ann", id: "old", body }]]));
  const { users, append } = await setUp({ backend });
  assert.equal(users.count, 1);
  assert.equal(append("/1").seq, 42);
  await settle();
  assert.deepEqual(await readAll(users), ["old", "id/1"]);
});

test("rows that are no events are told apart", async () => {
  const backend = new FakeBackend();
  backend.plugins = [{ number: 1, key }];
  const good = { seq: 1, lane: "ann", id: "good", body: encodeEvent(upload("ann", "/1")) };
  const rows = [
    good,
    { ...good, seq: 2, body: good.body.subarray(0, 20) },
    { ...good, seq: 3, body: undefined },
    { ...good, seq: 4, id: "two\nlines" },
    { ...good, seq: 5, id: undefined },
    { ...good, seq: 6, lane: "bob" },
    { ...good, seq: 7, body: encodeEvent(login("ann", 1)) },
  ];
  backend.rows.set(2, new Map(rows.map((row) => [row.seq, row])));
  const { users } = await setUp({ backend });
  assert.deepEqual(await readAll(users), ["good", ...rows.slice(1).map(() => "unreadable")]);
});

test("an event with numbers that fit no record is left to its delivery", async () => {
  const { backend, journal, users } = await setUp();
  const event: HostEvent = { kind: "fs", event: createFsEvent({ fileSizeBytes: 2n ** 64n }) };
  const appended = users.append(event, "id", "ann");
  const hold = watch(users.settled(appended!));
  await settle();
  assert.equal(hold.state, "safe");
  assert.deepEqual([backend.batches.length, journal.status.unwrittenBytes], [0, 0]);
});

test("what the file drops is told to the stream it is of", async () => {
  const { backend, users, append } = await setUp();
  const drops: JournalDrop[] = [];
  users.onDropped((drop) => drops.push(drop));
  const events = ["/1", "/2", "/3"].map((path) => append(path));
  backend.outcome = { dropped: [{ stream: 2, throughSeq: events[0]!.seq, count: 1, reason: "journal-full" }] };
  await settle();
  backend.outcome = { refused: [append("/4").seq] };
  await settle();
  assert.deepEqual(
    drops.map((drop) => [drop.count, drop.reason, drop.covers(events[0]!.seq), drop.covers(events[1]!.seq)]),
    [
      [1, "journal-full", true, false],
      [1, "journal-full", false, false],
    ],
  );
  assert.equal(users.count, 2);
});

test("old events are dropped at the start and every minute; without an age none is", async () => {
  const { backend, clock, journal } = await setUp({ maxAgeMs: 3_600_000 });
  const startMs = clock.wallMs();
  await clock.advance(60_000);
  assert.deepEqual(backend.expiries, [startMs - 3_600_000, startMs + 60_000 - 3_600_000]);
  await journal.close();
  assert.equal(clock.pending, 0);
  assert.deepEqual((await setUp()).backend.expiries, [0]);
});

test("events of a plugin that is not configured any more are told, and kept", async () => {
  const backend = new FakeBackend();
  backend.plugins = [
    { number: 1, key: "notifier /gone 00 0" },
    { number: 2, key },
  ];
  for (const number of [1, 2]) {
    const row = { seq: number, lane: "ann", id: "x", body: encodeEvent(upload("ann", "/1")) };
    backend.rows.set(2 * number, new Map([[number, row]]));
  }
  const { logger, users } = await setUp({ backend });
  assert.deepEqual(logger.find("events wait for a plugin that is not configured")?.fields, { cmd: "/gone", count: 1 });
  assert.equal(users.count, 1);
  assert.equal(backend.rows.get(2)?.size, 1);
});

test("a plugin whose arguments were changed gets the events that waited for it", async () => {
  const backend = new FakeBackend();
  backend.plugins = [{ number: 7, key: "notifier /p 11 0" }];
  backend.rows.set(14, new Map([[1, { seq: 1, lane: "ann", id: "x", body: encodeEvent(upload("ann", "/1")) }]]));
  const { users, append } = await setUp({ backend });
  append("/2");
  await settle();
  assert.deepEqual(await readAll(users), ["x", "id/2"]);
  assert.deepEqual(backend.batches[0]?.plugins, [{ number: 7, key }]);
});

test("close writes what waits, and leaves no timer", async () => {
  const { backend, clock, journal, users, append } = await setUp();
  const { seq } = append("/1");
  await settle();
  users.acknowledge(seq);
  append("/2");
  const closing = journal.close();
  await settle();
  await closing;
  await journal.close();
  assert.deepEqual(
    [...(backend.rows.get(2)?.values() ?? [])].map(({ id }) => id),
    ["id/2"],
  );
  assert.deepEqual([backend.closed, clock.pending], [1, 0]);
  users.acknowledge(99);
  assert.equal(clock.pending, 0);
});

test("close does not wait for a disk that does not work, and says what is lost", async () => {
  const { backend, clock, journal, logger, append } = await setUp();
  backend.failure = full;
  append("/1");
  await settle();
  await journal.close();
  assert.equal(logger.find("events lost, the event journal cannot be written")?.fields["count"], 1);
  assert.equal(clock.pending, 0);
});

test("a plugin that goes on under another key keeps its events, and the file knows before the next one", async () => {
  const { backend, journal, plugins, append } = await setUp();
  append("/1");
  await settle();
  const [renamed] = journal.openPlugins(["notifier /q 00 0"], new Map([["notifier /q 00 0", plugins[0]!]]));
  assert.equal(renamed?.users, plugins[0]?.users);
  await settle();
  assert.deepEqual(backend.batches.at(-1)?.plugins, [{ number: 1, key: "notifier /q 00 0" }]);
});

test("a plugin that takes the key of another leaves the other its events", async () => {
  const one = "notifier /p 00 0";
  const two = "notifier /p 00 1";
  const { backend, journal, plugins } = await setUp({ keys: [one, two] });
  const [only] = journal.openPlugins([one], new Map([[one, plugins[1]!]]));
  assert.equal(only?.users, plugins[1]?.users);
  await settle();
  assert.deepEqual(backend.batches.at(-1)?.plugins.slice(2), [
    { number: 2, key: one },
    { number: 1, key: two },
  ]);
  const [again, other] = journal.openPlugins([one, two], new Map([[one, plugins[1]!]]));
  assert.equal(again?.users, plugins[1]?.users);
  assert.equal(other?.users, plugins[0]?.users);
});

test("a new plugin does not get the events of one that goes on and had its key", async () => {
  const { journal, plugins } = await setUp();
  const further = "notifier /p 00 1";
  const [added, goesOn] = journal.openPlugins([key, further], new Map([[further, plugins[0]!]]));
  assert.equal(goesOn?.users, plugins[0]?.users);
  assert.notEqual(added?.users, plugins[0]?.users);
});

test("events of a file that was lost wait until it is open again, and are not taken for delivered", async () => {
  const { backend, clock, users, append } = await setUp();
  append("/1");
  await settle();
  backend.isOpen = false;
  await assert.rejects(readAll(users), /cannot be used/);
  await clock.advance(1_000);
  assert.equal(backend.opened, 2);
  assert.deepEqual(await readAll(users), ["id/1"]);
});

test("a file that turns out to be damaged while it is read is opened again, though it can be written", async () => {
  const { backend, clock, users, append } = await setUp();
  append("/1");
  await settle();
  backend.failure = journalError("/j.db", "damaged");
  const read = readAll(users);
  backend.isOpen = false;
  await assert.rejects(read, /damaged/);
  backend.failure = undefined;
  append("/2");
  await clock.advance(1_000);
  assert.equal(backend.isOpen, true);
  assert.deepEqual(await readAll(users), ["id/1", "id/2"]);
});

test("a disk that never answers does not keep the host from its end", async () => {
  const { backend, clock, journal } = await setUp();
  backend.close = () => new Promise(() => {});
  const closed = watch(journal.close());
  await clock.advance(10_000);
  assert.equal(closed.state, "safe");
});

test("a new plugin is not taken for one with other arguments that goes on, asked for or not", async () => {
  const { journal, plugins, logger, append } = await setUp();
  append("/1");
  const [added] = journal.openPlugins(["notifier /p 11 0"], new Map([[key, plugins[0]!]]));
  assert.notEqual(added?.users, plugins[0]?.users);
  assert.equal(logger.find("events wait for a plugin that is not configured"), undefined);
});

test("what could not be written is tried once more at the end", async () => {
  const { backend, journal, append } = await setUp();
  backend.failure = full;
  append("/1");
  await settle();
  assert.equal(journal.status.state, "failing");
  backend.failure = undefined;
  await journal.close();
  assert.deepEqual(
    [...(backend.rows.get(2)?.values() ?? [])].map(({ id }) => id),
    ["id/1"],
  );
});
