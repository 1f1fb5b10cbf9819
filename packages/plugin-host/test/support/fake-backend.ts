import type {
  BatchOutcome,
  FoundRow,
  FoundRows,
  JournalBackend,
  JournalBatch,
  JournalContents,
  JournalQuery,
} from "../../src/journal/journal-backend.ts";

/** A journal's file that is none: it does what it is asked when the test says so, unless it is `eager`. */
export class FakeBackend implements JournalBackend {
  readonly batches: JournalBatch[] = [];
  readonly rows = new Map<number, Map<number, FoundRow>>();
  readonly #waiting: (() => void)[] = [];
  isOpen = false;
  eager = true;
  opened = 0;
  closed = 0;
  plugins: JournalContents["plugins"] = [];
  setAside: string | undefined;
  /** Thrown by every request while it is set. */
  failure: Error | undefined;
  /** The outcome of the next write or expiry. */
  outcome: Partial<BatchOutcome> = {};
  expiries: number[] = [];

  async open(): Promise<JournalContents> {
    this.opened++;
    this.isOpen = false;
    if (this.failure !== undefined) throw this.failure;
    this.isOpen = true;
    const streams = Array.from(this.rows, ([stream, rows]) => ({ stream, count: rows.size }));
    const lastSeq = Math.max(0, ...[...this.rows.values()].flatMap((rows) => [...rows.keys()]));
    return { plugins: this.plugins, streams, lastSeq, usedBytes: 4096, setAside: this.setAside };
  }

  write(batch: JournalBatch): Promise<BatchOutcome> {
    this.batches.push(batch);
    return this.#answer(() => {
      for (const { stream, seq } of batch.acknowledged) this.rows.get(stream)?.delete(seq);
      for (const { stream, seq, lane, id, body } of batch.appended)
        this.#streamOf(stream).set(seq, { seq, lane, id, body });
      return this.#takeOutcome();
    });
  }

  read({ stream, afterSeq, throughSeq, lane, limit }: JournalQuery): Promise<FoundRows> {
    return this.#answer(() => {
      const found = [...this.#streamOf(stream).values()]
        .filter((row) => row.seq > afterSeq && row.seq <= throughSeq && (lane === undefined || row.lane === lane))
        .sort((a, b) => a.seq - b.seq);
      return { rows: found.slice(0, limit), hasMore: found.length > limit };
    });
  }

  expire(beforeMs: number): Promise<BatchOutcome> {
    this.expiries.push(beforeMs);
    return this.#answer(() => this.#takeOutcome());
  }

  async close(): Promise<void> {
    this.closed++;
    this.isOpen = false;
  }

  /** Answers what waits; with `count`, so many. */
  answer(count = this.#waiting.length): void {
    for (const answer of this.#waiting.splice(0, count)) answer();
  }

  #takeOutcome(): BatchOutcome {
    const outcome = { dropped: [], refused: [], usedBytes: 4096, ...this.outcome };
    this.outcome = {};
    return outcome;
  }

  #answer<Result>(perform: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        if (this.failure === undefined) resolve(perform());
        else reject(this.failure);
      };
      if (this.eager) answer();
      else this.#waiting.push(answer);
    });
  }

  #streamOf(stream: number): Map<number, FoundRow> {
    const rows = this.rows.get(stream) ?? new Map<number, FoundRow>();
    this.rows.set(stream, rows);
    return rows;
  }
}
