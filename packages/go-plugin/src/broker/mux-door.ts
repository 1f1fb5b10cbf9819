import type { Duplex } from "node:stream";
import type { Logger } from "../logger.ts";
import type { PeerRole } from "../tls/peer-tls.ts";
import type { createYamuxSession, YamuxSession } from "../yamux/yamux-session.ts";
import { brokerClosed } from "./broker-errors.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

export type CreateSession = typeof createYamuxSession;

/**
 * What a door needs. Not imported at the start: few hosts multiplex, and yamux is a quarter of what plugins would load.
 * Modules that are loaded later reach nothing that others need as well: bundlers that make one file of all would put off
 * that too, and loading it would take longer.
 */
export async function loadYamux(): Promise<CreateSession> {
  const yamux = await import("../yamux/yamux-session.ts");
  return yamux.createYamuxSession;
}

/** Takes a stream that the other side has opened. */
export type TakeStream = (stream: Duplex) => void;

/**
 * The one connection between a host and a plugin that multiplex (internal/grpcmux): opens streams to the other side, and
 * says whom the other side's streams are for. A stream does not say so itself: the other side has knocked before.
 */
export class MuxDoor {
  readonly #peer: PeerRole;
  readonly #createSession: CreateSession;
  readonly #logger: Logger;
  readonly #schedule: Schedule;
  readonly #closed = Promise.withResolvers<Error | undefined>();
  #session: YamuxSession | undefined;
  #takeOther: TakeStream | undefined;
  #expected: { readonly take: TakeStream; readonly cancelExpiry: () => void } | undefined;
  #isDestroyed = false;
  #refused = 0;

  constructor(options: {
    /** The other side. Where it is the host, this side is yamux's server. */
    readonly peer: PeerRole;
    /** From {@link loadYamux}. */
    readonly createSession: CreateSession;
    readonly logger: Logger;
    readonly schedule?: Schedule;
  }) {
    this.#peer = options.peer;
    this.#createSession = options.createSession;
    this.#logger = options.logger;
    this.#schedule = options.schedule ?? scheduleTimer;
  }

  /** Settles, never rejects, when the connection has ended, with the reason unless it was ended here. */
  get closed(): Promise<Error | undefined> {
    return this.#closed.promise;
  }

  /** Open streams of both sides. */
  get streamCount(): number {
    return this.#session?.streamCount ?? 0;
  }

  /** Who takes the streams that nobody knocked for. Until then they are refused. */
  takeOthers(take: TakeStream): void {
    this.#takeOther = take;
  }

  /** Once: the connection that everything goes over from now on. */
  attach(connection: Duplex): void {
    const side = this.#peer === "host" ? "server" : "client";
    const session = this.#createSession(connection, { side, onStream: (stream) => this.#take(stream) });
    this.#session = session;
    if (this.#isDestroyed) session.destroy();
    void session.closed.then(() => this.#closed.resolve(session.closeReason));
  }

  /** Throws `ERR_BROKER_CLOSED` when there is no connection, or no more streams on it. */
  openStream(): Duplex {
    if (this.#session === undefined) throw brokerClosed();
    try {
      return this.#session.openStream();
    } catch (error) {
      throw brokerClosed(error);
    }
  }

  /**
   * The next stream that the other side opens is for `take`. It follows at once on our answer to its knock: it is given up
   * after a while, and when there is another knock, for the other side makes one connection after another.
   */
  expect(take: TakeStream): void {
    this.#expected?.cancelExpiry();
    if (this.#isDestroyed) return;
    const cancelExpiry = this.#schedule(() => (this.#expected = undefined), BROKER_TIMEOUT_MS);
    this.#expected = { take, cancelExpiry };
  }

  /** Ends the connection at once. Idempotent. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#expected?.cancelExpiry();
    this.#expected = undefined;
    if (this.#session === undefined) this.#closed.resolve(undefined);
    else this.#session.destroy();
  }

  #take(stream: Duplex): void {
    const expected = this.#expected;
    this.#expected = undefined;
    expected?.cancelExpiry();
    const take = expected?.take ?? this.#takeOther;
    if (take !== undefined) {
      take(stream);
      return;
    }
    // Not a line each: who opens thousands is not to fill the log as well.
    const refused = ++this.#refused;
    if (Number.isInteger(Math.log2(refused))) {
      this.#logger.log("warn", `stream refused: the ${this.#peer} has not knocked`, { refused });
    }
    stream.destroy();
  }
}
