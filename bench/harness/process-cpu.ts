import { readdirSync, readFileSync } from "node:fs";

/** Processor time a process has used so far, all its living threads, in microseconds; undefined where /proc does not tell. */
export function processCpuUs(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sumUs, thread) => sumUs + threadCpuUs(pid, thread), 0);
  } catch {
    // Not Linux, or a kernel without scheduler statistics: the rows that need them are left out.
    return undefined;
  }
}

function threadCpuUs(pid: number, thread: string): number {
  const [runNs = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ");
  return Number(runNs) / 1000;
}
