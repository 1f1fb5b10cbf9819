/** Something that ends at a time; its index is the queue's. */
export interface Deadline {
  deadlineAtMs: number;
  /** Where it is in the queue; -1 when it is not. */
  deadlineIndex: number;
  onDeadline(): void;
}

/** Node takes no longer timeouts. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/**
 * Many deadlines behind one timer: a binary heap by time, in which every entry knows its place, so that the usual case
 * (a later deadline added, then removed because its call is done) moves next to nothing and touches no timer.
 *
 * Times are `performance.now()`. While the queue is empty its timer keeps no process alive.
 */
export class DeadlineQueue {
  readonly #heap: Deadline[] = [];
  readonly #fire = (): void => this.#onTimer();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#heap.length;
  }

  add(item: Deadline): void {
    this.#heap.push(item);
    this.#rise(this.#heap.length - 1, item);
    if (this.#heap.length === 1) this.#timer?.ref();
    if (item.deadlineAtMs < this.#timerAtMs) this.#arm(item.deadlineAtMs);
  }

  remove(item: Deadline): void {
    const index = item.deadlineIndex;
    if (index < 0) return;
    item.deadlineIndex = -1;
    const last = this.#heap.pop()!;
    if (last !== item) {
      this.#rise(index, last);
      if (last.deadlineIndex === index) this.#sink(index, last);
    }
    if (this.#heap.length === 0) this.#timer?.unref();
  }

  /** Forgets everything without calling anyone. */
  close(): void {
    for (const item of this.#heap) item.deadlineIndex = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(atMs: number): void {
    this.#disarm();
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(this.#fire, Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(atMs - performance.now()))));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #onTimer(): void {
    this.#disarm();
    const nowMs = performance.now();
    while (this.#heap.length > 0 && this.#heap[0]!.deadlineAtMs <= nowMs) {
      const due = this.#heap[0]!;
      this.remove(due);
      due.onDeadline();
    }
    const next = this.#heap[0];
    if (next !== undefined && next.deadlineAtMs < this.#timerAtMs) this.#arm(next.deadlineAtMs);
  }

  #rise(from: number, item: Deadline): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above]!;
      if (parent.deadlineAtMs <= item.deadlineAtMs) break;
      this.#place(index, parent);
      index = above;
    }
    this.#place(index, item);
  }

  #sink(from: number, item: Deadline): void {
    const { length } = this.#heap;
    let index = from;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#heap[below + 1]!.deadlineAtMs < this.#heap[below]!.deadlineAtMs) below++;
      const child = this.#heap[below]!;
      if (child.deadlineAtMs >= item.deadlineAtMs) break;
      this.#place(index, child);
      index = below;
    }
    this.#place(index, item);
  }

  #place(index: number, item: Deadline): void {
    this.#heap[index] = item;
    item.deadlineIndex = index;
  }
}
