import type { Clock } from "./clock.ts";

/** Settles when `work` does, or when its time is over. `work` must not reject. */
export async function waitAtMost(work: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const cancel = clock.schedule(timeoutMs, resolve);
  await Promise.race([work, timeout]);
  cancel();
}
