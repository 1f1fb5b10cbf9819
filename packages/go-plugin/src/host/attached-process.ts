import type { ExitStatus } from "./launch-options.ts";
import { FoundProcess } from "./found-process.ts";
import type { AttachedRunner } from "./runner.ts";

const POLL_MS = 1_000;
const CLOSE_POLL_MS = 50;

/** A process of this machine that somebody else started (internal/cmdrunner: ReattachFunc). */
export interface AttachedProcess extends AttachedRunner {
  /** Looks at once, and from now on closely. */
  expectEnd(): void;
  /** Looks no longer. */
  release(): void;
}

/** Looks after a process by its id, as go-plugin does: there is no better way for one that is no child of ours. */
export function attachProcess(pid: number): AttachedProcess | undefined {
  const found = new FoundProcess(pid);
  if (!found.isAlive()) return undefined;
  const { promise: exited, resolve } = Promise.withResolvers<ExitStatus>();
  const poll = (): void => {
    if (found.isAlive()) return;
    clearInterval(timer);
    resolve({ code: null, signal: null });
  };
  let timer = setInterval(poll, POLL_MS).unref();
  return {
    id: String(pid),
    pid,
    exited,
    terminate: () => found.signal("SIGTERM"),
    kill: () => found.signal("SIGKILL"),
    expectEnd() {
      clearInterval(timer);
      timer = setInterval(poll, CLOSE_POLL_MS).unref();
      poll();
    },
    release: () => clearInterval(timer),
  };
}
