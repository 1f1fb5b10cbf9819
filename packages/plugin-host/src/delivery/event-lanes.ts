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
    const removed: Item[] = [];
    for (const record of this.#lanes.values()) {
      const head = record.state === "taken" ? record.items.shift() : undefined;
      for (let item = record.items.shift(); item !== undefined; item = record.items.shift()) removed.push(item);
      if (head === undefined) this.#lanes.delete(record.key);
      else record.items.push(head);
    }
    this.#ready.clear();
    this.#length -= removed.length;
    return removed;
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

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
