import type { HostEvent } from "../host-event.ts";
import type { DroppedRows } from "./journal-backend.ts";

/** An event that has got its place in the journal, and may not be on the disk yet. */
export interface JournaledEvent {
  readonly seq: number;
  readonly lane: string;
  readonly id: string;
  readonly event: HostEvent;
}

/** What one read brought. */
export interface JournalPage {
  /** In order. `undefined`: a row that is no event, whose place is `seq`. */
  readonly events: readonly (JournaledEvent | { readonly seq: number; readonly event: undefined })[];
  /** Whether there are further ones in the range. */
  readonly hasMore: boolean;
}

/** Events that were dropped because of the journal's bounds, not because of the plugin. */
export interface JournalDrop {
  readonly count: number;
  readonly reason: DroppedRows["reason"];
  /** Whether an event is one of them. */
  covers(seq: number): boolean;
}

/** One plugin's events in the journal, in the order they were put down: those of users, or failed logins. */
export interface JournalStream {
  /** Events in it that are not acknowledged or dropped. */
  readonly count: number;
  /** Sequence number of the last event; those before are smaller. */
  readonly lastSeq: number;
  /**
   * Gives an event its place; it is written with the others of this turn. `undefined` when the journal cannot be written
   * and what waits for it already takes all the memory it may.
   */
  append(event: HostEvent, id: string, lane: string): JournaledEvent | undefined;
  /** Settles when the event is on the disk or acknowledged; `undefined` when there is nothing to wait for. */
  settled(event: JournaledEvent): Promise<void> | undefined;
  /** The event need not be kept any longer. */
  acknowledge(seq: number): void;
  /** Events after one place, up to and including another; of one lane, or of all. Rejects while the disk does not work. */
  read(range: { afterSeq: number; throughSeq: number; lane?: string; limit: number }): Promise<JournalPage>;
  /** One listener at a time. A drop of before is told at once. */
  onDropped(listener: (drop: JournalDrop) => void): void;
  /** What is really there, after rows were lost with a damaged file. */
  correctCount(count: number): void;
}

/** What one plugin's delivery has of the journal. */
export interface PluginJournal {
  readonly users: JournalStream;
  readonly failedLogins: JournalStream;
  /** True while operations are to be refused, because their events cannot be put down. */
  readonly isRefusing: boolean;
}
