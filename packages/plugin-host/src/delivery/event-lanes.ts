/**
 * Events in the order they must arrive: a lane a user, one event of a lane at a time. Holds no time and makes no calls.
 *
 * A lane is `ready` (in the queue for its turn), `taken` (its head is being delivered), or `resting` (its head failed and
 * will be tried again). A lane without events does not exist.
 */
export class EventLanes<Item> {
  readonly #lanes = new Map<string, LaneRecord<Item>>();
  readonly #ready = new Fifo<LaneRecord<Item>>();
  #length = 0;

  /** Events in all lanes, heads that are being delivered included. */
  get length(): number {
    return this.#length;
  }

  push(key: string, item: Item): void {
    this.#length++;
    const lane = this.#lanes.get(key);
    if (lane !== undefined) {
      lane.items.push(item);
      return;
    }
    const created: LaneRecord<Item> = { key, items: new Fifo<Item>(), state: "ready" };
    created.items.push(item);
    this.#lanes.set(key, created);
    this.#ready.push(created);
  }

  /** Events of one lane, its head included. */
  lengthOf(key: string): number {
    return this.#lanes.get(key)?.items.length ?? 0;
  }

  /** The heads of all lanes. */
  *heads(): Iterable<Item> {
    for (const { items } of this.#lanes.values()) if (items.head !== undefined) yield items.head;
  }

  /** The lane whose turn it is, first come, first served; its head may now be delivered. */
  take(): Lane<Item> | undefined {
    const lane = this.#ready.shift();
    if (lane !== undefined) lane.state = "taken";
    return lane;
  }

  /** The head is dealt with: the next event of the lane gets its turn. */
  advance(lane: Lane<Item>): void {
    const record = this.#recordOf(lane);
    record.items.shift();
    this.#length--;
    if (record.items.length === 0) this.#lanes.delete(record.key);
    else this.#makeReady(record);
  }

  /** The head stays the head, but not now. */
  rest(lane: Lane<Item>): void {
    this.#recordOf(lane).state = "resting";
  }

  /** Gives a resting lane its turn again; any other is left as it is. */
  wake(lane: Lane<Item>): void {
    const record = this.#lanes.get(lane.key);
    if (record === lane && record.state === "resting") this.#makeReady(record);
  }

  /** {@link wake} for every lane. */
  wakeAll(): void {
    for (const record of this.#lanes.values()) if (record.state === "resting") this.#makeReady(record);
  }

  /** Takes out every event that is not being delivered. */
  clear(): readonly Item[] {
    return this.remove(() => true);
  }

  /** Takes out events that are not being delivered. */
  remove(isRemoved: (item: Item) => boolean): readonly Item[] {
    const removed: Item[] = [];
    for (const record of this.#lanes.values()) {
      const before = removed.length;
      const taken = record.state === "taken" ? record.items.shift() : undefined;
      const kept: Item[] = taken === undefined ? [] : [taken];
      const head = record.items.head;
      for (let item = record.items.shift(); item !== undefined; item = record.items.shift()) {
        (isRemoved(item) ? removed : kept).push(item);
      }
      for (const item of kept) record.items.push(item);
      if (removed.length > before) this.#settleLane(record, head);
    }
    this.#ready.filter((record) => record.items.length > 0);
    this.#length -= removed.length;
    return removed;
  }

  /** After events were taken out of a lane: what failed may be among them, and what follows has not failed yet. */
  #settleLane(record: LaneRecord<Item>, headBefore: Item | undefined): void {
    if (record.items.length === 0) this.#lanes.delete(record.key);
    else if (record.state === "resting" && record.items.head !== headBefore) this.#makeReady(record);
  }

  #makeReady(record: LaneRecord<Item>): void {
    record.state = "ready";
    this.#ready.push(record);
  }

  #recordOf(lane: Lane<Item>): LaneRecord<Item> {
    return lane as LaneRecord<Item>;
  }
}

/** One user's events, seen from outside. */
export interface Lane<Item> {
  readonly key: string;
  readonly items: { readonly head: Item | undefined; readonly length: number };
}

interface LaneRecord<Item> extends Lane<Item> {
  readonly items: Fifo<Item>;
  state: "ready" | "taken" | "resting";
}

const compactAfter = 64;

/** A queue on an array: taking the first moves an index, and the used-up part is cut off now and then. */
class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get head(): Item | undefined {
    return this.#items[this.#first];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.length === 0) this.clear();
    else if (this.#first >= compactAfter && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  filter(isKept: (item: Item) => boolean): void {
    this.#items = this.#items.slice(this.#first).filter((item) => item !== undefined && isKept(item));
    this.#first = 0;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
