/** What becomes of events that no longer fit into the journal: the oldest of its queue make room, or the new one is not taken. */
export type JournalFullPolicy = "drop-oldest" | "drop-newest";

/** What operations do while the journal cannot be written: go on with events in memory, or be refused. */
export type JournalFailurePolicy = "memory" | "refuse";

/** Where events of plugins with `delivery: "journal"` are put down, and how much of them. */
export interface JournalOptions {
  /** The SQLite file; made when missing, with mode 0600. Nobody else may have it open. */
  readonly file: string;
  /** How large the journal may grow, bytes. Default 512 MiB. */
  readonly maxBytes?: number;
  /** Events that wait longer are dropped, milliseconds; 0: never. Default seven days. */
  readonly maxAgeMs?: number;
  /** Default `drop-oldest`. */
  readonly whenFull?: JournalFullPolicy;
  /** Default `memory`. */
  readonly whenFailing?: JournalFailurePolicy;
}
