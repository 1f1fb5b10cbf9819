/**
 * Runs async work a few at a time and lets a bounded number wait. Password hashing goes through
 * one: it shares libuv's threads with all file I/O, and each argon2 computation takes memory.
 */
export interface WorkQueue {
  /**
   * Resolves with the work's result; resolves `undefined` without doing it when too many are waiting, or when the
   * ticket's signal is aborted before its turn has come.
   */
  run<T>(work: () => Promise<T>, ticket?: WorkTicket): Promise<T | undefined>;
}

/** Whose work it is. */
export interface WorkTicket {
  /** Those who wait take turns by origin. Default "", one origin for all without a name. */
  readonly origin?: string;
  /** Aborted: nobody waits for the result any more. */
  readonly signal?: AbortSignal;
}

export interface WorkLimits {
  readonly running: number;
  readonly waiting: number;
  /** Places of `waiting` that one origin may take. Default all. */
  readonly waitingPerOrigin?: number;
}

/** Called with whether the work's turn has come; false = it is not to be done. */
type Turn = (isMine: boolean) => void;

export function createWorkQueue(limits: WorkLimits): WorkQueue {
  const line = new WaitingLine();
  let running = 0;

  function isFull(origin: string): boolean {
    return line.size >= limits.waiting || line.sizeOf(origin) >= (limits.waitingPerOrigin ?? Infinity);
  }

  /** Whether the work may start; settles when its turn has come or nobody wants it any more. */
  async function enter({ origin = "", signal }: WorkTicket): Promise<boolean> {
    if (signal?.aborted === true) {
      return false;
    }
    if (running < limits.running) {
      running += 1;
      return true;
    }
    return !isFull(origin) && (await waitInLine(line, origin, signal));
  }

  function leave(): void {
    const next = line.take();
    if (next === undefined) {
      running -= 1;
    } else {
      next(true); // the place is handed over, so `running` stays
    }
  }

  return {
    async run(work, ticket = {}) {
      if (!(await enter(ticket))) {
        return undefined;
      }
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}

async function waitInLine(line: WaitingLine, origin: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const giveUp = (): void => {
    line.remove(origin, resolve);
    resolve(false);
  };
  signal?.addEventListener("abort", giveUp, { once: true });
  line.add(origin, resolve);
  const isMine = await promise;
  signal?.removeEventListener("abort", giveUp);
  return isMine;
}

/** Who waits, first come first served within an origin, one after the other among origins. */
class WaitingLine {
  /** In the order in which origins have their next turn. */
  readonly #byOrigin = new Map<string, Turn[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(origin: string): number {
    return this.#byOrigin.get(origin)?.length ?? 0;
  }

  add(origin: string, turn: Turn): void {
    const turns = this.#byOrigin.get(origin);
    if (turns === undefined) {
      this.#byOrigin.set(origin, [turn]);
    } else {
      turns.push(turn);
    }
    this.#size += 1;
  }

  take(): Turn | undefined {
    const [first] = this.#byOrigin;
    if (first === undefined) {
      return undefined;
    }
    const [origin, [turn, ...others]] = first;
    this.#size -= 1;
    this.#byOrigin.delete(origin); // set again, it is the last one
    if (others.length > 0) {
      this.#byOrigin.set(origin, others);
    }
    return turn;
  }

  remove(origin: string, turn: Turn): void {
    const turns = this.#byOrigin.get(origin) ?? [];
    const others = turns.filter((other) => other !== turn);
    this.#size -= turns.length - others.length;
    if (others.length === 0) {
      this.#byOrigin.delete(origin);
    } else {
      this.#byOrigin.set(origin, others);
    }
  }
}
