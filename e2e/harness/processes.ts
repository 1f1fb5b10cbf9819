import { readFileSync, readdirSync, readlinkSync } from "node:fs";

export interface ProcessFacts {
  readonly pid: number;
  readonly command: string;
  /** `R`, `S`, `T` (stopped), `Z` … as in /proc. */
  readonly state: string;
}

/** Every process whose command line or working folder names `folder`, zombies left out. */
export function processesOf(folder: string): ProcessFacts[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => factsOf(Number(name), folder))
    .filter((facts) => facts !== undefined);
}

/** False as soon as the process is gone or only waits to be collected. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

function stateOf(pid: number): string | undefined {
  try {
    // The name, in parentheses, may hold anything: the state follows the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return undefined;
  }
}

/** Memory the process holds now, in bytes. */
export function residentBytesOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** How many files, sockets and pipes the process has open. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function factsOf(pid: number, folder: string): ProcessFacts | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
    const state = stateOf(pid);
    if (state === undefined || state === "Z") return undefined;
    const belongs = command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    return belongs ? { pid, command, state } : undefined;
  } catch {
    // It ended while we looked, or is not ours to look at.
    return undefined;
  }
}
