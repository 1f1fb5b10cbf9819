import { readFileSync } from "node:fs";

/** Anonymous memory a process holds, in MiB: what is its own, without mapped files; NaN where /proc does not tell. */
export function anonymousMib(pid: number): number {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return Number(kib) / 1024;
  } catch {
    return Number.NaN;
  }
}
