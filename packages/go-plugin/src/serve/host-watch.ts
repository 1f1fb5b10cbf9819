import { write } from "./direct-writes.ts";

// Not `import`: that evaluates every lazy part of node:fs, a tenth of a plugin's start.
const { fstatSync } = process.getBuiltinModule("node:fs");

const INTERVAL_MS = 1_000;
// In looks, not in time: a computer that slept must not take its plugins for abandoned.
const LOOKS_WITHOUT_CONNECTION = 30;

/** Why the host is taken for gone. */
export type HostEnd =
  | "the process that started this one ended"
  | "nobody reads this process's output"
  | "the connection was lost and none came after it";

/** Where to look; by default at this process itself. */
export interface HostSigns {
  /** Whether a host is connected. */
  readonly isConnected: () => boolean;
  readonly parentId?: () => number;
  /** Whether somebody can still read what this process writes. */
  readonly isRead?: () => Promise<boolean>;
  readonly intervalMs?: number;
}

/**
 * Calls back once when the host is gone. Go plugins live on as orphans then; ours end. Three signs, because each alone can
 * be hidden: the system gives an orphan another parent, but not one that was started by a wrapper which lives on; a pipe
 * without a reader breaks, but not where something else reads it (a container's log); and a lost connection may come
 * back, so that it counts only when it stays away for half a minute. The latter two are looked at only while no
 * connection is open. Does not keep the process alive. Returns a function that ends the watch.
 */
export function watchHost(signs: HostSigns, onGone: (end: HostEnd) => void): () => void {
  const watch = new HostWatch(signs, onGone);
  return () => watch.end();
}

class HostWatch {
  readonly #signs: Required<HostSigns>;
  readonly #onGone: (end: HostEnd) => void;
  readonly #host: number;
  readonly #timer: NodeJS.Timeout;
  #wasConnected = false;
  #looksWithout = 0;
  #ended = false;

  constructor(signs: HostSigns, onGone: (end: HostEnd) => void) {
    this.#signs = { parentId: () => process.ppid, isRead: createOutputProbe(), intervalMs: INTERVAL_MS, ...signs };
    this.#onGone = onGone;
    this.#host = this.#signs.parentId();
    this.#timer = setInterval(() => this.#look(), this.#signs.intervalMs);
    this.#timer.unref();
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#signs.parentId() !== this.#host) return this.#report("the process that started this one ended");
    if (this.#signs.isConnected()) {
      this.#wasConnected = true;
      this.#looksWithout = 0;
      return;
    }
    this.#looksWithout++;
    if (this.#wasConnected && this.#looksWithout >= LOOKS_WITHOUT_CONNECTION) {
      return this.#report("the connection was lost and none came after it");
    }
    void this.#lookAtOutput();
  }

  async #lookAtOutput(): Promise<void> {
    if (!(await this.#signs.isRead())) this.#report("nobody reads this process's output");
  }

  #report(end: HostEnd): void {
    if (this.#ended) return;
    this.end();
    this.#onGone(end);
  }
}

/**
 * Finds out whether the other end of stdout is open, by an empty line: hosts throw away what comes after the handshake
 * line. In a thread of its own, because a full pipe would block; and only where somebody's end can be seen at all.
 */
function createOutputProbe(fd = 1): () => Promise<boolean> {
  let isUnderWay = false;
  const isPipe = looksLikePipe(fd);
  return () =>
    new Promise((resolve) => {
      if (!isPipe || isUnderWay) return resolve(true);
      isUnderWay = true;
      write(fd, "\n", (error) => {
        isUnderWay = false;
        resolve(error?.code !== "EPIPE");
      });
    });
}

function looksLikePipe(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isFIFO() || status.isSocket();
  } catch {
    // Closed by somebody: nothing to be learnt from it.
    return false;
  }
}
