export interface LogBudgetLimits {
  /** Most that can be taken at once, after a quiet time. */
  readonly burst: number;
  readonly perSecond: number;
}

/** How much may be logged: a bucket that fills with time. */
export class LogBudget {
  readonly #limits: LogBudgetLimits;
  readonly #nowMs: () => number;
  #left: number;
  #filledAtMs: number;

  constructor(limits: LogBudgetLimits, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#left = limits.burst;
    this.#filledAtMs = nowMs();
  }

  /** False, and nothing is taken, when less is left. */
  take(cost: number): boolean {
    const { burst, perSecond } = this.#limits;
    const nowMs = this.#nowMs();
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#filledAtMs) * perSecond) / 1_000);
    this.#filledAtMs = nowMs;
    if (this.#left < cost) return false;
    this.#left -= cost;
    return true;
  }
}
