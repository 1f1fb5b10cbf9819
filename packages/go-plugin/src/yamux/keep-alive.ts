export interface KeepAliveOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly sendPing: () => void;
  readonly onDead: () => void;
}

/**
 * Asks the peer for a sign of life now and then (yamux session.go: keepalive). Anything it sends is one: a peer that is
 * busy sending us data need not hurry with its answer.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #timer: NodeJS.Timeout | undefined;
  #hasHeard = true;
  #isStopped = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#wait();
  }

  /** Call for whatever comes in. */
  onReceived(): void {
    this.#hasHeard = true;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#ask(), this.#options.intervalMs).unref();
  }

  #ask(): void {
    this.#hasHeard = false;
    this.#options.sendPing();
    // After a pause of the whole process the timer is up before the answer that waits in the socket was read.
    this.#timer = setTimeout(() => setImmediate(() => this.#judge()), this.#options.timeoutMs).unref();
  }

  #judge(): void {
    if (this.#isStopped) return;
    if (this.#hasHeard) this.#wait();
    else this.#options.onDead();
  }
}
