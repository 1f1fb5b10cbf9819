import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type {
  BatchOutcome,
  DroppedRows,
  FoundRow,
  FoundRows,
  JournalBatch,
  JournalContents,
  JournaledPlugin,
  JournalFileOptions,
  JournalQuery,
  JournalRow,
} from "./journal-backend.ts";
import { journalError, journalProblem, toJournalError } from "./journal-problem.ts";

/** "FLJ1": tells the journal from any other SQLite database. */
const APPLICATION_ID = 0x46_4c_4a_31;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE plugin (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE event (
    place INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL
  ) STRICT;
`;

/**
 * A row's place is its stream and its sequence number in one: SQLite keeps rows in that order, so that a stream is read and
 * emptied from one end without an index. 2^12 streams of 2^40 events.
 */
const STREAM_SIZE = 2 ** 40;
const MAX_STREAM = 2 ** 12;

/** What SQLite gives a new file. */
const FIRST_PAGE_BYTES = 4096;

/** A page of rows is cut off here, however many rows that are; at least one is read. */
const maxPageBytes = 1024 * 1024;
/** What a row takes beside its texts and bytes. */
const rowBytes = 40;
/** Failed logins are caused by anybody who can connect: they get this part of the journal. */
const failedLoginShare = 1 / 8;
/** With `drop-newest`, plugins other than the one that fills the journal may go beyond the bound by this much. */
const othersShare = 1 / 8;
/** Making room makes room for some time. */
const roomShare = 1 / 32;
const evictedAtOnce = 256;
/** Free pages are given back to the disk from this number on, a few at a time. */
const freePagesKept = 1024;
const freePagesReturned = 4096;

/** The journal's file. Blocks while the disk works: runs on a thread of its own. */
export class JournalFile {
  readonly #options: JournalFileOptions;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #pageBytes: number;
  /** Bytes of the rows of each stream, as they are counted. */
  readonly #streamBytes: Map<number, number>;

  private constructor(options: JournalFileOptions, database: DatabaseSync) {
    this.#options = options;
    this.#database = database;
    this.#statements = prepareStatements(database);
    this.#pageBytes = readNumber(database.prepare("PRAGMA page_size"), "page_size");
    this.#streamBytes = new Map(
      this.#statements.totals.all().map((row) => [Number(row["stream"]), Number(row["bytes"])]),
    );
  }

  /**
   * Opens or makes the file. One that is damaged is moved to another name, told in {@link contents}, and a new one begun.
   * Throws `ERR_JOURNAL`.
   */
  static open(
    options: JournalFileOptions,
    nowMs: number,
  ): { readonly file: JournalFile; readonly contents: JournalContents } {
    try {
      return JournalFile.#open(options, undefined);
    } catch (error) {
      if (journalProblem(error) !== "damaged") throw error;
    }
    return JournalFile.#open(options, setAside(options.file, nowMs));
  }

  static #open(options: JournalFileOptions, asideName: string | undefined): ReturnType<typeof JournalFile.open> {
    let database: DatabaseSync | undefined;
    try {
      createPrivateFile(options.file);
      database = new DatabaseSync(options.file, { timeout: 0 });
      prepareDatabase(database, options.file);
      const file = new JournalFile(options, database);
      return { file, contents: file.#contents(asideName) };
    } catch (error) {
      database?.close();
      const known = toJournalError(options.file, error);
      if (journalProblem(known) !== "failing" || !mayHoldEvents(options.file)) throw known;
      throw journalError(options.file, "unreadable", error);
    }
  }

  /** One transaction. */
  write(batch: JournalBatch): BatchOutcome {
    return this.#change((change) => {
      for (const plugin of batch.plugins) this.#statements.putPlugin.run(plugin.number, plugin.key);
      for (const { stream, seq } of batch.acknowledged) {
        const removed = this.#statements.remove.get(placeOf(stream, seq));
        if (removed !== undefined) change.resize(stream, -Number(removed["bytes"]));
      }
      for (const row of batch.appended) this.#append(row, change);
      if (this.#options.whenFull === "drop-oldest") this.#makeRoom(change);
    });
  }

  /** Drops what was put down before, and gives pages that are no longer needed back to the disk. */
  expire(beforeMs: number): BatchOutcome {
    const outcome = this.#change((change) => {
      for (const stream of this.#streamBytes.keys()) {
        const firstKept = this.#statements.firstSince.get(placeOf(stream, 0), endOf(stream), beforeMs)?.["place"];
        const throughSeq = firstKept === undefined ? STREAM_SIZE - 1 : (Number(firstKept) % STREAM_SIZE) - 1;
        this.#dropThrough(change, stream, throughSeq, "expired");
      }
    });
    if (readNumber(this.#statements.freePages, "freelist_count") > freePagesKept) {
      this.#database.exec(`PRAGMA incremental_vacuum(${freePagesReturned})`);
    }
    return outcome;
  }

  read({ stream, afterSeq, throughSeq, lane, limit }: JournalQuery): FoundRows {
    const rows: FoundRow[] = [];
    let readBytes = 0;
    const range = [placeOf(stream, afterSeq), placeOf(stream, throughSeq)] as const;
    const found =
      lane === undefined
        ? this.#statements.page.iterate(...range, limit + 1)
        : this.#statements.lanePage.iterate(...range, lane, limit + 1);
    try {
      for (const row of found) {
        if (rows.length === limit || (rows.length > 0 && readBytes >= maxPageBytes)) return { rows, hasMore: true };
        const checked = checkRow(row);
        readBytes += checked.body?.byteLength ?? 0;
        rows.push(checked);
      }
      return { rows, hasMore: false };
    } catch (error) {
      throw toJournalError(this.#options.file, error);
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #contents(asideName: string | undefined): JournalContents {
    const plugins = this.#statements.plugins
      .all()
      .map((row): JournaledPlugin => ({ number: Number(row["number"]), key: String(row["key"]) }));
    const totals = this.#statements.totals.all();
    const streams = totals.map((row) => ({ stream: Number(row["stream"]), count: Number(row["count"]) }));
    const lastSeq = Math.max(0, ...totals.map((row) => Number(row["last"]) % STREAM_SIZE));
    // Nobody gets there by writing events.
    const isBeyond = streams.some(({ stream }) => stream < 2 || stream >= MAX_STREAM) || lastSeq > STREAM_SIZE / 2;
    if (isBeyond) throw journalError(this.#options.file, "damaged");
    return { plugins, streams, lastSeq, usedBytes: this.#usedBytes, setAside: asideName };
  }

  #append(row: JournalRow, change: Change): void {
    const sizeBytes = row.body.byteLength + row.lane.length + row.id.length + rowBytes;
    if (!this.#hasRoomFor(row.stream, change)) {
      change.refused.push(row.seq);
      return;
    }
    // A transaction that is tried again may have reached the disk when its answer was lost.
    const { changes } = this.#statements.insert.run(placeOf(row.stream, row.seq), row.atMs, row.lane, row.id, row.body);
    if (changes > 0) change.resize(row.stream, sizeBytes);
  }

  #hasRoomFor(stream: number, change: Change): boolean {
    const { maxBytes, whenFull } = this.#options;
    if (isOfFailedLogins(stream)) return change.bytesOf(stream) < maxBytes * failedLoginShare;
    if (whenFull === "drop-oldest") return true;
    const usedBytes = this.#usedBytes;
    return usedBytes < maxBytes || (stream !== change.largest() && usedBytes < maxBytes * (1 + othersShare));
  }

  /** Drops the oldest of the plugin that holds most, so that a plugin that is down does not cost the others theirs. */
  #makeRoom(change: Change): void {
    const { maxBytes } = this.#options;
    if (this.#usedBytes <= maxBytes) return;
    while (this.#usedBytes > maxBytes * (1 - roomShare)) {
      const stream = change.largest();
      const seq = stream === undefined ? undefined : this.#findOldest(stream);
      if (stream === undefined || seq === undefined) return;
      this.#dropThrough(change, stream, seq, "journal-full");
    }
  }

  /** The end of the oldest part of a stream; never its last row, which may be what has just been put down. */
  #findOldest(stream: number): number | undefined {
    for (let rows = evictedAtOnce; rows > 0; rows = Math.floor(rows / 4)) {
      const place = this.#statements.nth.get(placeOf(stream, 0), endOf(stream), rows)?.["place"];
      if (place !== undefined) return (Number(place) % STREAM_SIZE) - 1;
    }
    return undefined;
  }

  #dropThrough(change: Change, stream: number, throughSeq: number, reason: DroppedRows["reason"]): void {
    const range = [placeOf(stream, 0), placeOf(stream, throughSeq)] as const;
    const found = this.#statements.totalThrough.get(...range);
    const count = Number(found?.["count"] ?? 0);
    if (count === 0) return;
    this.#statements.removeThrough.run(...range);
    change.resize(stream, -Number(found?.["bytes"]));
    change.dropped.push({ stream, throughSeq: Number(found?.["last"]) % STREAM_SIZE, count, reason });
  }

  #change(apply: (change: Change) => void): BatchOutcome {
    const change = new Change(this.#streamBytes);
    this.#rollBack();
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      apply(change);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      throw toJournalError(this.#options.file, error);
    }
    change.keep();
    return { dropped: change.dropped, refused: change.refused, usedBytes: this.#usedBytes };
  }

  /** Ends a transaction that failed; also one that could not be ended then. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The disk does not work: what made us roll back is told, and the next transaction fails too.
    }
  }

  get #usedBytes(): number {
    const pages = readNumber(this.#statements.pages, "page_count");
    return (pages - readNumber(this.#statements.freePages, "freelist_count")) * this.#pageBytes;
  }
}

/** What a transaction did, counted only once it is on the disk. */
class Change {
  readonly dropped: DroppedRows[] = [];
  readonly refused: number[] = [];
  readonly #before: Map<number, number>;
  readonly #after = new Map<number, number>();

  constructor(streamBytes: Map<number, number>) {
    this.#before = streamBytes;
  }

  bytesOf(stream: number): number {
    return this.#after.get(stream) ?? this.#before.get(stream) ?? 0;
  }

  resize(stream: number, bytes: number): void {
    this.#after.set(stream, this.bytesOf(stream) + bytes);
  }

  largest(): number | undefined {
    let largest: number | undefined;
    for (const stream of new Set([...this.#before.keys(), ...this.#after.keys()])) {
      const bytes = this.bytesOf(stream);
      if (bytes > 0 && (largest === undefined || bytes > this.bytesOf(largest))) largest = stream;
    }
    return largest;
  }

  keep(): void {
    for (const [stream, bytes] of this.#after) this.#before.set(stream, bytes);
  }
}

function placeOf(stream: number, seq: number): number {
  return stream * STREAM_SIZE + seq;
}

function endOf(stream: number): number {
  return placeOf(stream, STREAM_SIZE - 1);
}

/** Which of a plugin's two streams this is. */
function isOfFailedLogins(stream: number): boolean {
  return stream % 2 === 1;
}

/** SQLite gives its own new files mode 0644. */
function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** Whether events of before may be in there: what was made and never written to has one page at most. */
function mayHoldEvents(file: string): boolean {
  try {
    return sizeOf(file) > FIRST_PAGE_BYTES || sizeOf(`${file}-wal`) > 0;
  } catch {
    return true;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function setAside(file: string, nowMs: number): string {
  const name = `${file}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`;
  try {
    renameSync(file, name);
    renameIfThere(`${file}-wal`, `${name}-wal`);
  } catch (error) {
    throw toJournalError(file, error);
  }
  return name;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/**
 * Takes the lock, which the kernel ends with the process. In WAL mode with `synchronous = FULL` a commit is on the disk
 * when it returns; with NORMAL a power failure could take the last ones back.
 */
function prepareDatabase(database: DatabaseSync, file: string): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  const applicationId = readNumber(database.prepare("PRAGMA application_id"), "application_id");
  const version = readNumber(database.prepare("PRAGMA user_version"), "user_version");
  const tables = readNumber(database.prepare("SELECT count(*) AS tables FROM sqlite_schema"), "tables");
  const isNew = applicationId === 0 && version === 0 && tables === 0;
  if (!isNew && applicationId !== APPLICATION_ID) throw journalError(file, "foreign");
  if (version > SCHEMA_VERSION) throw journalError(file, "newer");
  if (isNew) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8388608");
  if (isNew) {
    database.exec(
      `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`,
    );
  }
  database.exec("BEGIN IMMEDIATE; COMMIT");
  const strangers = database.prepare(
    "SELECT count(*) AS strangers FROM sqlite_schema WHERE tbl_name NOT IN ('event', 'plugin') OR type NOT IN ('table', 'index')",
  );
  if (readNumber(strangers, "strangers") > 0) throw journalError(file, "damaged");
  const check = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (check !== "ok") throw journalError(file, "damaged");
}

type Statements = ReturnType<typeof prepareStatements>;

const sizeOfRow = `length(body) + length(lane) + length(id) + ${rowBytes}`;

function prepareStatements(database: DatabaseSync) {
  const inRange = "place > ? AND place <= ?";
  const page = `SELECT place, lane, id, body FROM event WHERE ${inRange}`;
  return {
    putPlugin: database.prepare("INSERT OR REPLACE INTO plugin VALUES (?, ?)"),
    plugins: database.prepare("SELECT number, key FROM plugin"),
    totals: database.prepare(
      `SELECT place / ${STREAM_SIZE} AS stream, count(*) AS count, max(place) AS last, sum(${sizeOfRow}) AS bytes
       FROM event GROUP BY stream`,
    ),
    insert: database.prepare("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?)"),
    remove: database.prepare(`DELETE FROM event WHERE place = ? RETURNING ${sizeOfRow} AS bytes`),
    totalThrough: database.prepare(
      `SELECT count(*) AS count, max(place) AS last, sum(${sizeOfRow}) AS bytes FROM event WHERE ${inRange}`,
    ),
    removeThrough: database.prepare(`DELETE FROM event WHERE ${inRange}`),
    nth: database.prepare(`SELECT place FROM event WHERE ${inRange} ORDER BY place LIMIT 1 OFFSET ?`),
    firstSince: database.prepare(`SELECT place FROM event WHERE ${inRange} AND at >= ? ORDER BY place LIMIT 1`),
    page: database.prepare(`${page} ORDER BY place LIMIT ?`),
    lanePage: database.prepare(`${page} AND lane = ? ORDER BY place LIMIT ?`),
    pages: database.prepare("PRAGMA page_count"),
    freePages: database.prepare("PRAGMA freelist_count"),
  };
}

function readNumber(statement: StatementSync, column: string): number {
  return Number(statement.get()?.[column] ?? 0);
}

function checkRow(row: Readonly<Record<string, unknown>>): FoundRow {
  const { place, lane, id, body } = row;
  return {
    seq: Number(place) % STREAM_SIZE,
    lane: typeof lane === "string" ? lane : undefined,
    id: typeof id === "string" ? id : undefined,
    body: body instanceof Uint8Array ? body : undefined,
  };
}
