interface Alarm {
  readonly atMs: number;
  readonly ring: () => void;
}

/** Time that passes when a test says so. */
export class FakeClock {
  #nowMs = 0;
  readonly #alarms = new Set<Alarm>();

  readonly schedule = (callback: () => void, delayMs: number): (() => void) => {
    const alarm = { atMs: this.#nowMs + delayMs, ring: callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  };

  /** How many callbacks are still to come. */
  get pending(): number {
    return this.#alarms.size;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const alarm of [...this.#alarms].toSorted((a, b) => a.atMs - b.atMs)) {
      if (alarm.atMs > this.#nowMs || !this.#alarms.delete(alarm)) continue;
      alarm.ring();
    }
  }
}
