import type { HostEvent } from "../host-event.ts";
import type { JournalDrop, JournaledEvent, JournalPage, JournalStream } from "./journal-stream.ts";

/** What the journal does for a stream. */
export interface StreamActions {
  append(event: HostEvent, id: string, lane: string): JournaledEvent | undefined;
  settled(seq: number): Promise<void> | undefined;
  acknowledge(seq: number): void;
  read(range: Parameters<JournalStream["read"]>[0]): Promise<JournalPage>;
}

/** Counts what is in a stream, and keeps what was dropped before anybody listened. */
export class Stream implements JournalStream {
  readonly #actions: StreamActions;
  readonly #untold: JournalDrop[] = [];
  #count: number;
  #lastSeq: number;
  #listener: ((drop: JournalDrop) => void) | undefined;

  constructor(count: number, lastSeq: number, actions: StreamActions) {
    this.#count = count;
    this.#lastSeq = lastSeq;
    this.#actions = actions;
  }

  get count(): number {
    return this.#count;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  append(event: HostEvent, id: string, lane: string): JournaledEvent | undefined {
    const appended = this.#actions.append(event, id, lane);
    if (appended === undefined) return undefined;
    this.#count++;
    this.#lastSeq = appended.seq;
    return appended;
  }

  settled({ seq }: JournaledEvent): Promise<void> | undefined {
    return this.#actions.settled(seq);
  }

  acknowledge(seq: number): void {
    this.#count--;
    this.#actions.acknowledge(seq);
  }

  read(range: Parameters<JournalStream["read"]>[0]): Promise<JournalPage> {
    return this.#actions.read(range);
  }

  onDropped(listener: (drop: JournalDrop) => void): void {
    this.#listener = listener;
    for (const drop of this.#untold.splice(0)) listener(drop);
  }

  correctCount(count: number): void {
    this.#count = count;
  }

  /** For the journal: events were dropped. */
  drop(drop: JournalDrop): void {
    this.#count -= drop.count;
    if (this.#listener === undefined) this.#untold.push(drop);
    else this.#listener(drop);
  }
}
