// Not `import`: that evaluates every lazy part of node:fs, for which a host would wait at its start.
const { readFileSync } = process.getBuiltinModule("node:fs");

/** What the system says about a process. */
export interface ProcessStatus {
  /** `Z` and `X` are the dead ones. */
  readonly state: string;
  readonly beginning: string;
}

/**
 * A process that this one did not start. Where the system tells when a process began (Linux), another process that gets
 * the same id later is never taken for it.
 */
export class FoundProcess {
  readonly pid: number;
  readonly #look: (pid: number) => ProcessStatus | undefined;
  readonly #beginning: string | undefined;

  constructor(pid: number, look: (pid: number) => ProcessStatus | undefined = readStatus) {
    this.pid = pid;
    this.#look = look;
    this.#beginning = look(pid)?.beginning;
  }

  /** Not a zombie: those only wait for their parent. */
  isAlive(): boolean {
    if (!exists(this.pid)) return false;
    const status = this.#look(this.pid);
    if (status === undefined) return true;
    return status.state !== "Z" && status.state !== "X" && status.beginning === this.#beginning;
  }

  /** Nothing happens when it is gone; throws when this process may not. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    if (this.isAlive()) process.kill(this.pid, name);
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: another account's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

// proc(5): pid (name) state …, the time of its start is the 22nd. Unreadable elsewhere, or hidden by the mount.
function readStatus(pid: number): ProcessStatus | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const [state, beginning] = [fields[0], fields[19]];
    return state === undefined || beginning === undefined ? undefined : { state, beginning };
  } catch {
    return undefined;
  }
}
