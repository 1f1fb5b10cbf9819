import type { Logger } from "../logger.ts";
import type { InfoStream } from "./info-stream.ts";
import type { MuxDoor, TakeStream } from "./mux-door.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";

/** Who knocks gives up after BROKER_TIMEOUT_MS, and should hear of it before. */
const PATIENCE_MS = BROKER_TIMEOUT_MS - 500;
/** Knocks for ids that nobody accepts take memory for a while: no more of them than this. */
const MAX_WAITING = 1_024;
/** So do answers to who knocks without end and reads none of them. */
const MAX_UNSENT = 1_024;

export interface KnockAnswersParts {
  readonly infos: InfoStream;
  readonly door: MuxDoor;
  readonly logger: Logger;
  readonly schedule: Schedule;
}

/**
 * Answers the other side's knocks (grpc_broker.go: listenForKnocks; internal/grpcmux: AcceptKnock). A knock for an id that
 * nobody accepts yet waits for it; in the end it is refused. (Go does not answer it, or ends the plugin.)
 */
export class KnockAnswers {
  readonly #parts: KnockAnswersParts;
  readonly #accepted = new Map<number, TakeStream>();
  readonly #waiting = new Map<number, () => void>();
  #unsent = 0;

  constructor(parts: KnockAnswersParts) {
    this.#parts = parts;
  }

  /** Streams for this id go to `take` from now on. The latest one counts. */
  accept(id: number, take: TakeStream): void {
    this.#accepted.set(id, take);
    if (this.#stopWaiting(id)) this.#letIn(id, take);
  }

  /** No more of them. */
  refuse(id: number, take: TakeStream): void {
    if (this.#accepted.get(id) === take) this.#accepted.delete(id);
  }

  onKnock(id: number): void {
    const take = this.#accepted.get(id);
    if (take !== undefined) {
      this.#letIn(id, take);
      return;
    }
    const { schedule } = this.#parts;
    this.#stopWaiting(id);
    if (this.#waiting.size >= MAX_WAITING) return this.#answer(id, `no listener for id ${id}`);
    const cancel = schedule(() => {
      this.#waiting.delete(id);
      this.#answer(id, `no listener for id ${id}`);
    }, PATIENCE_MS);
    this.#waiting.set(id, cancel);
  }

  /** Forgets who waits: it is a peer that is gone. */
  clear(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  // First the door, then the answer: the stream may be there in no time.
  #letIn(id: number, take: TakeStream): void {
    if (this.#unsent >= MAX_UNSENT) return;
    this.#parts.door.expect(take);
    this.#answer(id, "");
  }

  #answer(id: number, error: string): void {
    if (this.#unsent >= MAX_UNSENT) return;
    this.#unsent++;
    const { infos, logger } = this.#parts;
    const knock = { knock: true, ack: true, error };
    infos
      .send({ serviceId: id, network: "", address: "", knock })
      .catch((reason: unknown) => {
        logger.log("debug", "a knock was not answered", { id, reason: String(reason) });
      })
      .finally(() => this.#unsent--);
  }

  #stopWaiting(id: number): boolean {
    this.#waiting.get(id)?.();
    return this.#waiting.delete(id);
  }
}
