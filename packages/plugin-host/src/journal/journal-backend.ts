import type { JournalFullPolicy } from "./journal-options.ts";

/** One event of one plugin, as it is put down. */
export interface JournalRow {
  /** Rows of one stream are read in the order of their sequence numbers. */
  readonly stream: number;
  readonly seq: number;
  /** When it was put down, Unix milliseconds. */
  readonly atMs: number;
  /** Events of one lane must arrive in order. */
  readonly lane: string;
  /** The event's id, the same on every delivery. */
  readonly id: string;
  readonly body: Uint8Array;
}

/** A plugin the journal has, or had, events of. Its streams are `2 * number` and `2 * number + 1`. */
export interface JournaledPlugin {
  readonly number: number;
  /** What it is recognised by, see `identifyPlugins`. */
  readonly key: string;
}

/** What one transaction changes. */
export interface JournalBatch {
  /** New plugins, and known ones under a new key. */
  readonly plugins: readonly JournaledPlugin[];
  readonly appended: readonly JournalRow[];
  /** Rows that need not be kept any longer. */
  readonly acknowledged: readonly { readonly stream: number; readonly seq: number }[];
}

/** Rows that were dropped from the old end of a stream. */
export interface DroppedRows {
  readonly stream: number;
  /** No row up to this one is left. */
  readonly throughSeq: number;
  readonly count: number;
  readonly reason: "journal-full" | "expired";
}

export interface BatchOutcome {
  readonly dropped: readonly DroppedRows[];
  /** Sequence numbers of new rows that were not taken because the journal is full. */
  readonly refused: readonly number[];
  /** How large the journal is now. */
  readonly usedBytes: number;
}

export interface JournalQuery {
  readonly stream: number;
  /** Rows after this one, up to and including `throughSeq`. */
  readonly afterSeq: number;
  readonly throughSeq: number;
  /** Of this lane only. */
  readonly lane?: string;
  readonly limit: number;
}

/** Rows as they are in the file, which may hold anything: `undefined` where there is no such value. */
export interface FoundRow {
  readonly seq: number;
  readonly lane: string | undefined;
  readonly id: string | undefined;
  readonly body: Uint8Array | undefined;
}

export interface FoundRows {
  /** In the order of their sequence numbers. */
  readonly rows: readonly FoundRow[];
  /** Whether there are further ones in the range. */
  readonly hasMore: boolean;
}

/** What a journal holds when it is opened. */
export interface JournalContents {
  readonly plugins: readonly JournaledPlugin[];
  readonly streams: readonly { readonly stream: number; readonly count: number }[];
  readonly lastSeq: number;
  readonly usedBytes: number;
  /** Where a file that was damaged has been moved, to begin a new one. */
  readonly setAside: string | undefined;
}

export interface JournalFileOptions {
  readonly file: string;
  readonly maxBytes: number;
  readonly whenFull: JournalFullPolicy;
}

/**
 * The journal's file behind a queue of requests, answered in the order they were made. Rejects with a `PluginHostError`
 * whose details have the `problem`.
 */
export interface JournalBackend {
  /** False before the first {@link open}, and when the file was lost since. */
  readonly isOpen: boolean;
  /** Also after a request has failed because the file is damaged, or never was opened. */
  open(): Promise<JournalContents>;
  write(batch: JournalBatch): Promise<BatchOutcome>;
  read(query: JournalQuery): Promise<FoundRows>;
  /** Drops what was put down before. */
  expire(beforeMs: number): Promise<BatchOutcome>;
  /** Idempotent. */
  close(): Promise<void>;
}
