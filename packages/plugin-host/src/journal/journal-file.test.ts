import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { PluginHostError } from "../plugin-host-error.ts";
import { JournalFile } from "./journal-file.ts";
import type { JournalRow } from "./journal-backend.ts";
import type { JournalFullPolicy } from "./journal-options.ts";
import type { JournalProblem } from "./journal-problem.ts";

const users = 2;
const failedLogins = 3;
const mib = 1024 * 1024;

interface Place {
  readonly folder: string;
  readonly file: string;
  open(options?: {
    readonly maxBytes?: number;
    readonly whenFull?: JournalFullPolicy;
  }): ReturnType<typeof JournalFile.open>;
}

function makePlace(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-journal-"));
  const file = join(folder, "journal.db");
  const opened: JournalFile[] = [];
  t.after(() => {
    for (const one of opened) one.close();
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    file,
    open({ maxBytes = mib * 64, whenFull = "drop-oldest" } = {}) {
      const result = JournalFile.open({ file, maxBytes, whenFull }, Date.UTC(2026, 0, 2));
      opened.push(result.file);
      return result;
    },
  };
}

function row(seq: number, changes: Partial<JournalRow> = {}): JournalRow {
  return { stream: users, seq, atMs: seq, lane: "ann", id: `run-${seq}`, body: Buffer.from(`body ${seq}`), ...changes };
}

function rows(from: number, to: number, changes: Partial<JournalRow> = {}): readonly JournalRow[] {
  return Array.from({ length: to - from + 1 }, (_, index) => row(from + index, changes));
}

function batch(appended: readonly JournalRow[], acknowledged: readonly number[] = [], stream = users) {
  return { plugins: [], appended, acknowledged: acknowledged.map((seq) => ({ stream, seq })) };
}

function seqsIn(journal: JournalFile, stream = users, lane?: string): readonly number[] {
  const range = { stream, afterSeq: 0, throughSeq: 1_000_000, limit: 1_000_000, ...(lane !== undefined && { lane }) };
  return journal.read(range).rows.map(({ seq }) => seq);
}

function problemOf(problem: JournalProblem): (error: unknown) => boolean {
  return (error) => PluginHostError.is(error, "ERR_JOURNAL") && error.details["problem"] === problem;
}

test("what was written is there after the file is opened again, in order, with what is needed to go on", (t) => {
  const place = makePlace(t);
  const first = place.open().file;
  first.write({ ...batch([row(2), row(1), row(3)]), plugins: [{ number: 1, key: "notifier /p x 0" }] });
  first.write(batch([row(4, { stream: failedLogins })], [2]));
  first.close();
  const { file, contents } = place.open();
  assert.deepEqual(seqsIn(file), [1, 3]);
  assert.deepEqual(file.read({ stream: users, afterSeq: 1, throughSeq: 9, limit: 5 }), {
    rows: [{ seq: 3, lane: "ann", id: "run-3", body: new Uint8Array(Buffer.from("body 3")) }],
    hasMore: false,
  });
  const { usedBytes, ...rest } = contents;
  assert.ok(usedBytes > 0);
  assert.deepEqual(rest, {
    plugins: [{ number: 1, key: "notifier /p x 0" }],
    streams: [
      { stream: users, count: 2 },
      { stream: failedLogins, count: 1 },
    ],
    lastSeq: 4,
    setAside: undefined,
  });
});

test("a plugin may go on under another key", (t) => {
  const { file } = makePlace(t).open();
  for (const key of ["old", "new"]) file.write({ ...batch([]), plugins: [{ number: 1, key }] });
  file.close();
});

test("a read is cut off at its limit, and at a MiB", (t) => {
  const { file } = makePlace(t).open();
  file.write(batch(rows(1, 10)));
  const page = file.read({ stream: users, afterSeq: 2, throughSeq: 9, limit: 3 });
  assert.deepEqual([page.rows.map(({ seq }) => seq), page.hasMore], [[3, 4, 5], true]);
  assert.equal(file.read({ stream: users, afterSeq: 6, throughSeq: 9, limit: 3 }).hasMore, false);
  file.write(batch(rows(11, 14, { body: new Uint8Array(0.7 * mib) })));
  const large = file.read({ stream: users, afterSeq: 10, throughSeq: 99, limit: 100 });
  assert.deepEqual([large.rows.length, large.hasMore], [2, true]);
});

test("a lane can be read by itself", (t) => {
  const { file } = makePlace(t).open();
  file.write(batch([row(1), row(2, { lane: "bob" }), row(3)]));
  assert.deepEqual(seqsIn(file, users, "ann"), [1, 3]);
});

test("only the owner may read the file and those beside it", (t) => {
  const place = makePlace(t);
  place.open().file.write(batch([row(1)]));
  for (const name of readdirSync(place.folder)) {
    assert.equal(statSync(join(place.folder, name)).mode & 0o077, 0, name);
  }
});

test("what is older than it may be is dropped, and nothing else", (t) => {
  const { file } = makePlace(t).open();
  file.write(batch([...rows(1, 5), row(6, { stream: failedLogins }), row(70)]));
  assert.deepEqual(file.expire(4).dropped, [{ stream: users, throughSeq: 3, count: 3, reason: "expired" }]);
  assert.deepEqual(seqsIn(file), [4, 5, 70]);
  assert.deepEqual(seqsIn(file, failedLogins), [6]);
});

test("drop-oldest makes room at the old end of the stream that holds most", (t) => {
  const { file } = makePlace(t).open({ maxBytes: mib });
  const other = 4;
  file.write(batch([row(1, { stream: other })]));
  const body = new Uint8Array(1_000);
  let droppedCount = 0;
  let throughSeq = 0;
  for (let seq = 2; seq < 4_000; seq += 100) {
    const { dropped, refused, usedBytes } = file.write(batch(rows(seq, seq + 99, { body })));
    assert.ok(usedBytes <= mib, `${usedBytes} bytes`);
    assert.deepEqual(refused, []);
    for (const one of dropped) {
      assert.deepEqual([one.stream, one.reason], [users, "journal-full"]);
      assert.ok(one.throughSeq > throughSeq);
      throughSeq = one.throughSeq;
      droppedCount += one.count;
    }
  }
  const left = seqsIn(file);
  assert.equal(left[0], throughSeq + 1);
  assert.equal(left.length + droppedCount, 4_000);
  assert.deepEqual(seqsIn(file, other), [1]);
});

test("drop-newest refuses what does not fit, of the stream that holds most first", (t) => {
  const { file } = makePlace(t).open({ maxBytes: mib, whenFull: "drop-newest" });
  const body = new Uint8Array(1_000);
  const refused: number[] = [];
  for (let seq = 1; seq < 3_000; seq += 100) {
    const outcome = file.write(batch(rows(seq, seq + 99, { body })));
    assert.deepEqual(outcome.dropped, []);
    refused.push(...outcome.refused);
  }
  const kept = seqsIn(file);
  assert.deepEqual(
    [...kept, ...refused],
    rows(1, 3_000).map(({ seq }) => seq),
  );
  assert.ok(refused.length > 1_000);
  assert.deepEqual(file.write(batch([row(5_000, { stream: 4 })])).refused, []);
  file.write(batch([], kept.slice(0, 500)));
  assert.deepEqual(file.write(batch([row(6_000)])).refused, []);
});

for (const whenFull of ["drop-oldest", "drop-newest"] as const) {
  test(`failed logins get an eighth, and only new ones are dropped: ${whenFull}`, (t) => {
    const { file } = makePlace(t).open({ maxBytes: 8 * mib, whenFull });
    const outcome = file.write(batch(rows(1, 3_000, { stream: failedLogins, body: new Uint8Array(1_000) })));
    assert.deepEqual(outcome.dropped, []);
    const kept = seqsIn(file, failedLogins);
    assert.equal(kept[0], 1);
    assert.ok(kept.length > 900 && kept.length < 1_050, String(kept.length));
    assert.equal(outcome.refused[0], kept.at(-1)! + 1);
  });
}

test("a transaction that fails changes nothing", (t) => {
  const { file } = makePlace(t).open();
  file.write(batch([row(1)]));
  assert.throws(() => file.write(batch([row(2), row(3, { atMs: 0.5 })], [1])), PluginHostError);
  assert.deepEqual(seqsIn(file), [1]);
  file.write(batch([row(2)]));
  assert.deepEqual(seqsIn(file), [1, 2]);
});

test("the file does not stay as large as it ever was", (t) => {
  const place = makePlace(t);
  const { file } = place.open();
  file.write(batch(rows(1, 20_000, { body: new Uint8Array(1_000) })));
  file.write(
    batch(
      [],
      rows(1, 20_000).map(({ seq }) => seq),
    ),
  );
  for (let round = 0; round < 4; round++) file.expire(0);
  file.close();
  assert.ok(statSync(place.file).size < 6 * mib, String(statSync(place.file).size));
});

const damages: Readonly<Record<string, (file: string) => void>> = {
  garbage: (file) => writeFileSync(file, "this is no database at all ".repeat(1_000)),
  "a file that is cut off": (file) => truncateSync(file, 9_000),
  "a page that was overwritten": (file) => {
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096, 12_288);
    writeFileSync(file, bytes);
  },
  "a table that is missing": (file) => changeAnyhow(file, "DROP TABLE event"),
  "columns that are others": (file) => changeAnyhow(file, "ALTER TABLE event RENAME COLUMN lane TO lame"),
  "a trigger": (file) => changeAnyhow(file, "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM plugin; END"),
  "a stream that is none": (file) => changeAnyhow(file, "INSERT INTO event VALUES (-5, 1, 'a', 'b', x'00')"),
  "a sequence number beyond counting": (file) =>
    changeAnyhow(file, "INSERT INTO event VALUES (9223372036854775807, 1, 'a', 'b', x'00')"),
};

function changeAnyhow(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

for (const [name, damage] of Object.entries(damages)) {
  test(`set aside and begun anew: ${name}`, (t) => {
    const place = makePlace(t);
    const before = place.open().file;
    before.write(batch(rows(1, 200)));
    before.close();
    damage(place.file);
    const { file, contents } = place.open();
    assert.equal(contents.setAside, `${place.file}.damaged-2026-01-02T00-00-00-000Z`);
    assert.ok(readdirSync(place.folder).includes("journal.db.damaged-2026-01-02T00-00-00-000Z"));
    assert.deepEqual([contents.streams, contents.lastSeq], [[], 0]);
    file.write(batch([row(1)]));
    assert.deepEqual(seqsIn(file), [1]);
  });
}

test("a transaction that is tried again though it had reached the disk changes nothing", (t) => {
  const { file } = makePlace(t).open();
  for (let time = 0; time < 2; time++) file.write(batch([row(1), row(2)]));
  assert.deepEqual(seqsIn(file), [1, 2]);
});

test("an empty file is a new journal", (t) => {
  const place = makePlace(t);
  writeFileSync(place.file, "");
  assert.equal(place.open().contents.setAside, undefined);
});

test("the journal of a later version is refused and left as it is", (t) => {
  const place = makePlace(t);
  place.open().file.close();
  changeAnyhow(place.file, "PRAGMA user_version = 2");
  assert.throws(() => place.open(), problemOf("newer"));
  assert.deepEqual(readdirSync(place.folder), ["journal.db"]);
});

test("the database of another program is refused and left as it is", (t) => {
  const place = makePlace(t);
  changeAnyhow(place.file, "CREATE TABLE users (name TEXT)");
  const before = readFileSync(place.file);
  assert.throws(() => place.open(), problemOf("foreign"));
  assert.deepEqual(readFileSync(place.file), before);
});

test("a second server is refused", (t) => {
  const place = makePlace(t);
  place.open();
  assert.throws(() => place.open(), problemOf("in-use"));
});

test("a folder that is not there is told", (t) => {
  const place = makePlace(t);
  rmSync(place.folder, { recursive: true });
  assert.throws(() => place.open(), problemOf("forbidden"));
  mkdirSync(place.folder);
});

test("a file that may not be read is told", { skip: process.getuid?.() === 0 && "root may read everything" }, (t) => {
  const place = makePlace(t);
  place.open().file.close();
  chmodSync(place.file, 0);
  assert.throws(() => place.open(), problemOf("forbidden"));
});

test("rows with anything in them are read as what they are", (t) => {
  const place = makePlace(t);
  const { file } = place.open();
  file.write(batch([row(1, { id: "", body: new Uint8Array(0) }), row(2, { lane: "" })]));
  assert.deepEqual(file.read({ stream: users, afterSeq: 0, throughSeq: 9, limit: 9 }).rows, [
    { seq: 1, lane: "ann", id: "", body: new Uint8Array(0) },
    { seq: 2, lane: "", id: "run-2", body: new Uint8Array(Buffer.from("body 2")) },
  ]);
});
