import type { Clock } from "../calls/clock.ts";

/** How a connection finds out that its peer is gone without a word. */
export interface KeepAlive {
  /** A PING is due when nothing was heard for this long, milliseconds; it goes out within twice this time. */
  readonly idleMs: number;
  /** How long the peer may then still be silent before the connection is given up, milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
}

/** What servers ask of clients that ping. */
export interface ClientKeepAlive extends KeepAlive {
  /** Ping although no call is open: only for servers that permit it (grpc-go's `PermitWithoutStream`). Default false. */
  readonly withoutCalls?: boolean;
  /**
   * The shortest time between pings the server permits, milliseconds (grpc-go's `EnforcementPolicy.MinTime`); a server
   * ends the connection for more (`too_many_pings`). What it sends in between makes the next ping free. Default 300,000,
   * as in grpc-go.
   */
  readonly serverMinIntervalMs?: number;
}

export const DEFAULT_SERVER_MIN_INTERVAL_MS = 300_000;

const DEFAULT_TIMEOUT_MS = 20_000;
/** Two pings that leave in time may arrive a little closer to each other. */
const MARGIN = 1.02;

/** The connection, to its keep-alive. */
export interface KeepAlivePeer {
  /** A byte came in; set by the connection, cleared by the keep-alive. */
  heard: boolean;
  /** DATA or HEADERS came in; the same. */
  heardContent: boolean;
  readonly hasCalls: boolean;
  ping(): void;
  /** Nothing was heard for `timeoutMs` after a ping. */
  onSilence(timeoutMs: number): void;
}

/** What is left of the options once their side is known: a client keeps to the server's rules, a server has none. */
export interface KeepAlivePolicy extends KeepAlive {
  readonly withoutCalls: boolean;
  readonly minIntervalMs: number;
}

/** Pings a silent peer, and gives up one that stays silent. */
export class KeepAliveTimer {
  readonly #peer: KeepAlivePeer;
  readonly #policy: KeepAlivePolicy;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #lastPingAtMs = Number.NEGATIVE_INFINITY;
  #isAnswered = true;

  constructor(peer: KeepAlivePeer, policy: KeepAlivePolicy, clock: Clock) {
    this.#peer = peer;
    this.#policy = policy;
    this.#timeoutMs = policy.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#clock = clock;
    this.#rest();
  }

  /** The ping was answered: what the peer sends from now on lets it forget the ping. */
  onPingAck(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#peer.heardContent = false;
    this.#rest();
  }

  stop(): void {
    this.#cancel?.();
  }

  #arm(delayMs: number, task: () => void): void {
    this.#cancel = this.#clock.after(delayMs, task, true);
  }

  #check(): void {
    if (this.#peer.heard || !this.#mayPing()) return this.#rest();
    this.#lastPingAtMs = this.#clock.now();
    this.#isAnswered = false;
    // After a pause of this process itself its timers come before the bytes that wait: it looks again a turn later.
    this.#arm(this.#timeoutMs, () => this.#arm(1, () => this.#judge()));
    return this.#peer.ping();
  }

  #rest(): void {
    this.#cancel?.();
    this.#peer.heard = false;
    this.#arm(this.#policy.idleMs, () => this.#check());
  }

  #judge(): void {
    if (this.#peer.heard) this.#rest();
    else this.#peer.onSilence(this.#timeoutMs);
  }

  /** grpc-go's rules (http2_server.go, handlePing). */
  #mayPing(): boolean {
    const { withoutCalls, minIntervalMs } = this.#policy;
    if (!withoutCalls && !this.#peer.hasCalls) return false;
    if (this.#isAnswered && this.#peer.heardContent) return true;
    return this.#clock.now() - this.#lastPingAtMs >= minIntervalMs * MARGIN;
  }
}

/** @throws {TypeError} when a time is no positive number. */
export function checkKeepAlive({ idleMs, timeoutMs = 1, serverMinIntervalMs = 1 }: ClientKeepAlive): void {
  for (const [name, value] of Object.entries({ idleMs, timeoutMs, serverMinIntervalMs })) {
    if (!(value > 0)) throw new TypeError(`option keepAlive.${name} must be a positive number, not ${value}`);
  }
}
