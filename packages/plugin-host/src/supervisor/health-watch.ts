import type { Logger } from "@fairlead/go-plugin";
import type { Clock } from "./clock.ts";
import type { HealthPolicy } from "./health-policy.ts";
import type { SupervisedProcess } from "./supervised-process.ts";

export interface HealthWatchOptions {
  readonly policy: () => HealthPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The plugin stopped answering, or answers again. */
  readonly onChange: (responsive: boolean) => void;
  /** The plugin has not answered for too long. Called once; the watch has ended. */
  readonly onHung: (error: unknown) => void;
}

/** Pings a running plugin until stopped, one ping at a time. */
export function watchHealth(
  process: Pick<SupervisedProcess<unknown>, "pid" | "ping">,
  { policy, clock, logger, onChange, onHung }: HealthWatchOptions,
): { stop(): void } {
  const stopped = new AbortController();
  let failures = 0;
  let cancelTimer = clock.schedule(policy().intervalMs, () => void ping());

  async function ping(): Promise<void> {
    const sentAt = clock.monotonicMs();
    try {
      await process.ping({ timeoutMs: policy().timeoutMs, signal: stopped.signal });
    } catch (error) {
      if (stopped.signal.aborted) return;
      missed(error, clock.monotonicMs() - sentAt);
      return;
    }
    if (stopped.signal.aborted) return;
    if (failures > 0) {
      logger.log("info", "plugin answers again", { pid: process.pid, unanswered: failures });
      failures = 0;
      onChange(true);
    }
    cancelTimer = clock.schedule(policy().intervalMs, () => void ping());
  }

  function missed(error: unknown, waitedMs: number): void {
    failures++;
    if (failures === 1) {
      logger.log("warn", "plugin does not answer", { pid: process.pid, waitedMs: Math.round(waitedMs) });
      onChange(false);
    }
    if (failures >= policy().maxFailures) {
      onHung(error);
      return;
    }
    cancelTimer = clock.schedule(policy().intervalMs, () => void ping());
  }

  return {
    stop() {
      stopped.abort();
      cancelTimer();
    },
  };
}
