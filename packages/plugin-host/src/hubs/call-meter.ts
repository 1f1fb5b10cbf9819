/** How many of the last calls their durations are kept of. */
const keptDurations = 1024;

/** What became of a plugin's calls. */
export interface CallCounters {
  /** Calls that have ended. */
  readonly calls: number;
  /**
   * Those that ended with an error or without an answer. gRPC does not tell a refusal from a failure, so the refusals of
   * an auth or ipfilter plugin are among them.
   */
  readonly failures: number;
  /** Milliseconds half of the last 1,024 calls took at most; `undefined` before the first call. */
  readonly p50Ms: number | undefined;
  /** As {@link CallCounters.p50Ms}, of 99 in a hundred. */
  readonly p99Ms: number | undefined;
}

/** Counts one plugin's calls and keeps how long the last ones took, in 4 KiB; to record one costs one store. */
export class CallMeter {
  readonly #durations = new Float32Array(keptDurations);
  #calls = 0;
  #failures = 0;

  /** One call has ended. */
  record(durationMs: number, outcome: "ok" | "failed"): void {
    this.#durations[this.#calls % keptDurations] = durationMs;
    this.#calls++;
    if (outcome === "failed") this.#failures++;
  }

  counters(): CallCounters {
    const sorted = this.#durations.slice(0, Math.min(this.#calls, keptDurations)).sort();
    return {
      calls: this.#calls,
      failures: this.#failures,
      p50Ms: percentile(sorted, 50),
      p99Ms: percentile(sorted, 99),
    };
  }
}

/** The smallest value that so many percent of the values do not exceed. */
function percentile(sorted: Float32Array, percent: number): number | undefined {
  const value = sorted[Math.ceil((sorted.length * percent) / 100) - 1];
  return value === undefined ? undefined : Math.round(value * 1000) / 1000;
}
