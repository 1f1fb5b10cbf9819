import type { Logger } from "@fairlead/go-plugin";
import { estimateEventBytes } from "../delivery/event-size.ts";
import type { PluginHostError } from "../plugin-host-error.ts";
import type { Clock } from "../supervisor/clock.ts";
import { waitAtMost } from "../supervisor/wait-at-most.ts";
import { readFoundRow, tryEncodeEvent } from "./found-event.ts";
import { matchChangedPlugins, renamePlugins } from "./identify-plugins.ts";
import type {
  BatchOutcome,
  FoundRows,
  JournalBackend,
  JournalContents,
  JournaledPlugin,
  JournalQuery,
  JournalRow,
} from "./journal-backend.ts";
import type { JournalFailurePolicy } from "./journal-options.ts";
import { journalError, journalProblem, toJournalError } from "./journal-problem.ts";
import type { JournaledEvent, JournalPage, JournalStream, PluginJournal } from "./journal-stream.ts";
import { Stream } from "./stream.ts";

/** How the journal is, as shown to administrators. */
export interface JournalStatus {
  readonly state: "working" | "failing";
  /** Since when it cannot be written, Unix milliseconds. */
  readonly failingSinceMs: number | undefined;
  /** Why it could not be written last. */
  readonly lastError: string | undefined;
  /** How large it is. */
  readonly usedBytes: number;
  /** Events that are not written yet, and the memory they are counted with. */
  readonly unwritten: number;
  readonly unwrittenBytes: number;
}

export interface EventJournalOptions {
  /** For messages. */
  readonly file: string;
  readonly maxAgeMs: number;
  readonly whenFailing: JournalFailurePolicy;
  readonly backend: JournalBackend;
  readonly clock: Clock;
  /** Runs a callback once the current turn of the event loop is over. */
  readonly defer: (callback: () => void) => void;
  readonly logger: Logger;
}

/** Events of one transaction: more would keep those who wait for it waiting, and the thread's memory. */
const maxBatchEvents = 1_000;
const maxBatchBytes = 4 * 1024 * 1024;
/** What waits while the disk does not work; what is more is dropped. */
const maxUnwrittenBytes = 64 * 1024 * 1024;
/** Acknowledgements need no hurry: one that is lost costs a delivery twice. */
const acknowledgeDelayMs = 100;
const maxUnsentAcknowledgements = 500;
/** A disk that takes longer counts as one that does not work: clients wait for their replies meanwhile. */
const stallMs = 5_000;
const retryMs = 1_000;
const expireMs = 60_000;
const closeMs = 5_000;

interface Entry extends JournaledEvent {
  readonly stream: number;
  readonly atMs: number;
  readonly sizeBytes: number;
  /** For who waits until it is on the disk. */
  hold: PromiseWithResolvers<void> | undefined;
  /** Acknowledged while it was on the way to the disk. */
  isDone: boolean;
}

/**
 * The events of plugins with `delivery: "journal"`, on disk until the plugin took them. What is published in one turn, or
 * while the disk is busy, is written in one transaction. While the disk does not work events wait in memory.
 */
export class EventJournal {
  readonly #options: EventJournalOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #plugins = new Map<string, number>();
  readonly #numbers = new WeakMap<PluginJournal, number>();
  /** Plugins whose number is not in the file yet. */
  #newPlugins: JournaledPlugin[] = [];
  /** Whether they are to be written though there is nothing else to write. */
  #pluginsDue = false;
  /** Not written yet, in order. */
  #pending = new Map<number, Entry>();
  /** On the way to the disk. */
  #writing = new Map<number, Entry>();
  #unwrittenBytes = 0;
  #acknowledged: { readonly stream: number; readonly seq: number }[] = [];
  /** False until it could be opened for the first time: then nothing is in it. */
  #hasFile: boolean;
  #isBusy = false;
  #flushDeferred = false;
  #lastSeq: number;
  #usedBytes: number;
  #failure: { readonly error: PluginHostError; readonly sinceMs: number } | undefined;
  #lastError: string | undefined;
  #closing: Promise<void> | undefined;
  #whenFlushed: (() => void)[] = [];
  readonly #timers = new Map<"acknowledge" | "retry" | "expire", () => void>();

  private constructor(options: EventJournalOptions, contents: JournalContents | undefined) {
    this.#options = options;
    this.#hasFile = contents !== undefined;
    this.#lastSeq = contents?.lastSeq ?? 0;
    this.#usedBytes = contents?.usedBytes ?? 0;
    const counts = new Map(contents?.streams.map(({ stream, count }) => [stream, count]));
    for (const [stream, count] of counts) this.#stream(stream, count);
    for (const { number, key } of contents?.plugins ?? []) {
      // Without events there is nothing to go on with: the number is free.
      if (counts.has(2 * number) || counts.has(2 * number + 1)) this.#plugins.set(key, number);
    }
  }

  /**
   * Opens the file. A damaged one is set aside and a new one begun. When the disk is full and there is no file yet, begins
   * in memory. Throws `ERR_JOURNAL` for a file that must not or cannot be used, and for one
   * with events that cannot be read now.
   */
  static async open(options: EventJournalOptions): Promise<EventJournal> {
    let contents: JournalContents | undefined;
    let failure: unknown;
    try {
      contents = await options.backend.open();
    } catch (error) {
      failure = error;
      if (journalProblem(error) !== "failing") {
        await options.backend.close();
        throw error;
      }
    }
    const journal = new EventJournal(options, contents);
    if (contents === undefined) {
      journal.#fail(failure);
      journal.#startTimer("retry", retryMs, () => void journal.#retry());
    } else {
      journal.#reportSetAside(contents);
      await journal.#expire();
    }
    journal.#scheduleExpiry();
    return journal;
  }

  get isRefusing(): boolean {
    return this.#failure !== undefined && this.#options.whenFailing === "refuse";
  }

  get status(): JournalStatus {
    return {
      state: this.#failure === undefined ? "working" : "failing",
      failingSinceMs: this.#failure?.sinceMs,
      lastError: this.#lastError,
      usedBytes: this.#usedBytes,
      unwritten: this.#pending.size + this.#writing.size,
      unwrittenBytes: this.#unwrittenBytes,
    };
  }

  /**
   * The journal's part for each plugin, by the keys of `identifyPlugins` in their order. Events of plugins that are not among
   * them stay until they are too old. For a new configuration it is called again, with all its keys.
   *
   * @param goingOn what plugins that run already have of the journal, by the keys they have from now on
   */
  openPlugins(
    keys: readonly string[],
    goingOn: ReadonlyMap<string, PluginJournal> = new Map(),
  ): readonly PluginJournal[] {
    this.#rename(goingOn, keys);
    const isFree = (key: string): boolean => !goingOn.has(key);
    for (const [newKey, oldKey] of matchChangedPlugins([...this.#plugins.keys()].filter(isFree), keys.filter(isFree))) {
      const number = this.#plugins.get(oldKey)!;
      this.#plugins.delete(oldKey);
      this.#plugins.set(newKey, number);
      this.#newPlugins.push({ number, key: newKey });
    }
    const opened = keys.map((key) => this.#openPlugin(key));
    this.#reportOrphans([...keys, ...goingOn.keys()]);
    return opened;
  }

  /** Writes what is not written yet, for at most five seconds, and closes the file, for as long. Idempotent; never rejects. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  #openPlugin(key: string): PluginJournal {
    let number = this.#plugins.get(key);
    if (number === undefined) {
      number = this.#findFreeNumber();
      this.#plugins.set(key, number);
      this.#newPlugins.push({ number, key });
    }
    const isRefusing = (): boolean => this.isRefusing;
    const journal: PluginJournal = {
      users: this.#stream(2 * number),
      failedLogins: this.#stream(2 * number + 1),
      get isRefusing() {
        return isRefusing();
      },
    };
    this.#numbers.set(journal, number);
    return journal;
  }

  /** Plugins that go on take their events along to other keys; written at once, as the host may end before the next event. */
  #rename(goingOn: ReadonlyMap<string, PluginJournal>, keys: readonly string[]): void {
    const wanted = new Map([...goingOn].map(([key, journal]) => [key, this.#numbers.get(journal)!]));
    const renamed = renamePlugins(this.#plugins, wanted, keys);
    for (const [key, number] of this.#plugins) if (renamed.get(key) !== number) this.#plugins.delete(key);
    for (const [key, number] of renamed) {
      if (this.#plugins.get(key) === number) continue;
      this.#plugins.set(key, number);
      this.#newPlugins.push({ number, key });
      this.#pluginsDue = true;
      this.#deferFlush();
    }
  }

  /** There are not many: those of plugins that are gone, and have left nothing, are used again. */
  #findFreeNumber(): number {
    const used = new Set(this.#plugins.values());
    for (let number = 1; ; number++) if (!used.has(number)) return number;
  }

  #stream(number: number, count = 0): Stream {
    let stream = this.#streams.get(number);
    if (stream === undefined) {
      stream = new Stream(count, this.#lastSeq, {
        append: (event, id, lane) => this.#append(number, { event, id, lane }),
        settled: (seq) => this.#settled(seq),
        acknowledge: (seq) => this.#acknowledge(number, seq),
        read: (range) => this.#read(number, range),
      });
      this.#streams.set(number, stream);
    }
    return stream;
  }

  #append(stream: number, event: Pick<JournaledEvent, "event" | "id" | "lane">): JournaledEvent | undefined {
    const sizeBytes = estimateEventBytes(event.event);
    if (this.#unwrittenBytes + sizeBytes > maxUnwrittenBytes) return undefined;
    const atMs = this.#options.clock.wallMs();
    const entry: Entry = { ...event, stream, seq: ++this.#lastSeq, atMs, sizeBytes, hold: undefined, isDone: false };
    this.#pending.set(entry.seq, entry);
    this.#unwrittenBytes += sizeBytes;
    this.#deferFlush();
    return entry;
  }

  #settled(seq: number): Promise<void> | undefined {
    const entry = this.#pending.get(seq) ?? this.#writing.get(seq);
    if (entry === undefined || entry.isDone) return undefined;
    if (this.#failure === undefined) return (entry.hold ??= Promise.withResolvers<void>()).promise;
    return this.isRefusing ? Promise.reject(this.#failure.error) : undefined;
  }

  #acknowledge(stream: number, seq: number): void {
    const unsent = this.#pending.get(seq);
    if (unsent !== undefined) {
      // Taken before it was written: it need not be.
      this.#pending.delete(seq);
      this.#settle(unsent);
      return;
    }
    const entry = this.#writing.get(seq);
    if (entry !== undefined) {
      entry.isDone = true;
      entry.hold?.resolve();
      return;
    }
    this.#acknowledged.push({ stream, seq });
    if (this.#acknowledged.length >= maxUnsentAcknowledgements) this.#deferFlush();
    else this.#startTimer("acknowledge", acknowledgeDelayMs, () => this.#flush());
  }

  /** What is not written yet counts as read from the file: nobody else need know where an event is. */
  async #read(stream: number, range: Parameters<JournalStream["read"]>[0]): Promise<JournalPage> {
    const { afterSeq, throughSeq, lane, limit } = range;
    const unwritten: Entry[] = [];
    for (const entry of [...this.#writing.values(), ...this.#pending.values()]) {
      const isAsked = entry.stream === stream && entry.seq > afterSeq && entry.seq <= throughSeq && !entry.isDone;
      if (isAsked && (lane === undefined || entry.lane === lane)) unwritten.push(entry);
    }
    const found = await this.#readFile({ stream, ...range });
    const events: JournalPage["events"][number][] = found.rows.map((row) => readFoundRow(row));
    // Meanwhile some of them may have been written, and then are in the file too.
    const lastRead = found.rows.at(-1)?.seq ?? afterSeq;
    if (!found.hasMore) events.push(...unwritten.filter(({ seq, isDone }) => seq > lastRead && !isDone));
    return { events: events.slice(0, limit), hasMore: found.hasMore || events.length > limit };
  }

  /** A file that was lost is opened again first: what is in it must not be taken for delivered. */
  async #readFile(query: JournalQuery): Promise<FoundRows> {
    const { backend, file } = this.#options;
    if (!this.#hasFile) return { rows: [], hasMore: false };
    try {
      if (!backend.isOpen) throw journalError(file, "failing", "it is being opened again");
      return await backend.read(query);
    } catch (error) {
      if (!backend.isOpen) this.#startTimer("retry", retryMs, () => void this.#retry());
      throw error;
    }
  }

  #deferFlush(): void {
    if (this.#flushDeferred) return;
    this.#flushDeferred = true;
    this.#options.defer(() => {
      this.#flushDeferred = false;
      this.#flush();
    });
  }

  /** Writes what there is, unless the disk is busy: then all that comes meanwhile goes in the next transaction. */
  #flush(): void {
    if (this.#isBusy || this.#timers.has("retry")) return;
    const appended = this.#takeBatch();
    if (appended.length === 0 && this.#acknowledged.length === 0 && !this.#pluginsDue) {
      for (const resolve of this.#whenFlushed.splice(0)) resolve();
      return;
    }
    this.#stopTimer("acknowledge");
    const plugins = this.#newPlugins;
    const acknowledged = this.#acknowledged;
    this.#newPlugins = [];
    this.#pluginsDue = false;
    this.#acknowledged = [];
    this.#isBusy = true;
    const cancelStall = this.#options.clock.schedule(stallMs, () => this.#fail(slowDisk(this.#options.file)));
    this.#options.backend
      .write({ plugins, appended, acknowledged })
      .then(
        (outcome) => this.#written(outcome),
        (error: unknown) => {
          this.#newPlugins.unshift(...plugins);
          this.#pluginsDue ||= plugins.length > 0;
          this.#acknowledged.unshift(...acknowledged);
          this.#notWritten(error);
        },
      )
      .finally(cancelStall);
  }

  #takeBatch(): readonly JournalRow[] {
    const rows: JournalRow[] = [];
    let sizeBytes = 0;
    for (const [seq, entry] of this.#pending) {
      if (rows.length === maxBatchEvents || sizeBytes >= maxBatchBytes) break;
      this.#pending.delete(seq);
      const body = tryEncodeEvent(entry.event);
      if (body === undefined) {
        // Its delivery fails too, and says so.
        this.#settle(entry);
        continue;
      }
      this.#writing.set(seq, entry);
      sizeBytes += body.byteLength;
      const { stream, atMs, lane, id } = entry;
      rows.push({ stream, seq, atMs, lane, id, body });
    }
    return rows;
  }

  #written(outcome: BatchOutcome): void {
    this.#isBusy = false;
    const writing = this.#writing;
    this.#writing = new Map();
    const refused = new Set(outcome.refused);
    for (const entry of writing.values()) {
      this.#settle(entry);
      if (entry.isDone && !refused.has(entry.seq)) this.#acknowledged.push({ stream: entry.stream, seq: entry.seq });
    }
    const isRefused = (entry: Entry): boolean => refused.has(entry.seq) && !entry.isDone;
    for (const [stream, entries] of Map.groupBy([...writing.values()].filter(isRefused), (entry) => entry.stream)) {
      const seqs = new Set(entries.map(({ seq }) => seq));
      this.#streams.get(stream)?.drop({ count: seqs.size, reason: "journal-full", covers: (seq) => seqs.has(seq) });
    }
    this.#recover();
    this.#apply(outcome);
    if (
      this.#pending.size > 0 ||
      this.#acknowledged.length >= maxUnsentAcknowledgements ||
      this.#closing !== undefined
    ) {
      this.#flush();
    } else if (this.#acknowledged.length > 0) {
      this.#startTimer("acknowledge", acknowledgeDelayMs, () => this.#flush());
    }
  }

  #notWritten(error: unknown): void {
    this.#isBusy = false;
    const back = this.#writing;
    this.#writing = new Map();
    for (const [seq, entry] of back) {
      if (entry.isDone) {
        back.delete(seq);
        this.#settle(entry);
      }
    }
    for (const [seq, entry] of this.#pending) back.set(seq, entry);
    this.#pending = back;
    this.#fail(error);
    this.#startTimer("retry", retryMs, () => void this.#retry());
    if (this.#closing !== undefined) for (const resolve of this.#whenFlushed.splice(0)) resolve();
  }

  async #retry(): Promise<void> {
    const { backend } = this.#options;
    if (!backend.isOpen && this.#closing === undefined) {
      try {
        const contents = await backend.open();
        this.#hasFile = true;
        this.#usedBytes = contents.usedBytes;
        this.#reportSetAside(contents);
      } catch (error) {
        this.#fail(error);
        this.#startTimer("retry", retryMs, () => void this.#retry());
        return;
      }
    }
    // Written again whether they are known or not: something must be, to find out whether the disk works.
    this.#newPlugins = Array.from(this.#plugins, ([key, number]) => ({ number, key }));
    this.#pluginsDue = true;
    this.#flush();
  }

  #fail(problem: unknown): void {
    const { clock, file, logger, whenFailing } = this.#options;
    const error = toJournalError(file, problem);
    this.#lastError = error.message;
    if (this.#failure === undefined) {
      this.#failure = { error, sinceMs: clock.wallMs() };
      logger.log("error", "event journal cannot be written, events wait in memory", {
        error: this.#lastError,
        whenFailing,
      });
    }
    for (const entry of [...this.#writing.values(), ...this.#pending.values()]) {
      const { hold } = entry;
      entry.hold = undefined;
      if (whenFailing === "refuse") hold?.reject(error);
      else hold?.resolve();
    }
  }

  #recover(): void {
    if (this.#failure === undefined) return;
    const forMs = this.#options.clock.wallMs() - this.#failure.sinceMs;
    this.#failure = undefined;
    this.#options.logger.log("info", "event journal works again", { forMs, unwritten: this.#pending.size });
  }

  #settle(entry: Entry): void {
    this.#unwrittenBytes -= entry.sizeBytes;
    entry.hold?.resolve();
  }

  #apply({ dropped, usedBytes }: BatchOutcome): void {
    this.#usedBytes = usedBytes;
    for (const { stream, throughSeq, count, reason } of dropped) {
      this.#streams.get(stream)?.drop({ count, reason, covers: (seq) => seq <= throughSeq });
    }
  }

  #scheduleExpiry(): void {
    this.#startTimer("expire", expireMs, () => void this.#expire().finally(() => this.#scheduleExpiry()));
  }

  async #expire(): Promise<void> {
    const { backend, clock, maxAgeMs } = this.#options;
    if (!backend.isOpen) return;
    try {
      this.#apply(await backend.expire(maxAgeMs === 0 ? 0 : clock.wallMs() - maxAgeMs));
    } catch {
      // What makes it fail makes writing fail too, which tells.
    }
  }

  #startTimer(name: "acknowledge" | "retry" | "expire", delayMs: number, callback: () => void): void {
    if (this.#timers.has(name) || this.#closing !== undefined) return;
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(name);
      callback();
    });
    this.#timers.set(name, cancel);
  }

  #stopTimer(name: "acknowledge" | "retry" | "expire"): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  async #close(): Promise<void> {
    const { backend, clock, logger } = this.#options;
    this.#stopTimer("expire");
    // Out of the turn that asks, so that #closing is set.
    await Promise.resolve();
    const flushed = new Promise<void>((resolve) => this.#whenFlushed.push(resolve));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = clock.schedule(closeMs, resolve);
    // Also when it failed before: this is the last try.
    this.#stopTimer("retry");
    if (backend.isOpen) {
      this.#flush();
      await Promise.race([flushed, late]);
    }
    cancel();
    this.#stopTimer("acknowledge");
    if (this.#pending.size > 0) {
      logger.log("error", "events lost, the event journal cannot be written", { count: this.#pending.size });
    }
    const closed = backend.close().catch((error: unknown) => {
      logger.log("error", "event journal not closed", { error });
    });
    await waitAtMost(closed, closeMs, clock);
  }

  #reportSetAside({ setAside }: JournalContents): void {
    if (setAside === undefined) return;
    this.#options.logger.log("error", "event journal is damaged, a new one is begun", { setAside });
  }

  #reportOrphans(keys: readonly string[]): void {
    for (const [key, number] of this.#plugins) {
      const count = (this.#streams.get(2 * number)?.count ?? 0) + (this.#streams.get(2 * number + 1)?.count ?? 0);
      if (count === 0 || keys.includes(key)) continue;
      const cmd = key.split(" ").slice(1, -2).join(" ");
      this.#options.logger.log("warn", "events wait for a plugin that is not configured", { cmd, count });
    }
  }
}

/** It has not answered yet, and may still. */
function slowDisk(file: string): PluginHostError {
  return journalError(file, "failing", `a write has taken more than ${stallMs / 1000} s`);
}
