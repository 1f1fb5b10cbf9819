import type { Duplex } from "node:stream";
import { createIdleFrameBudget, createResetBudget, IDLE_FRAMES_PER_CONTENT_FRAME } from "./frame-budget.ts";
import { FrameReader } from "./frame-reader.ts";
import type { FrameSink } from "./frame-reader.ts";
import {
  FLAG_ACK,
  FLAG_FIN,
  FLAG_RST,
  FLAG_SYN,
  GO_AWAY_NORMAL,
  GO_AWAY_PROTOCOL_ERROR,
  MAX_UINT32,
  SESSION_ID,
  TYPE_DATA,
  TYPE_GO_AWAY,
  TYPE_PING,
  TYPE_WINDOW_UPDATE,
} from "./frame.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxOwner } from "./outbox.ts";
import { StreamTimers } from "./stream-timers.ts";
import { YamuxError } from "./yamux-error.ts";
import { YamuxStream } from "./yamux-stream.ts";
import type { StreamOwner } from "./yamux-stream.ts";

/** How long the peer may take to end its side after we ended ours. */
const LINGER_MS = 500;
const DEFAULT_GRACE_MS = 5_000;
/** Go's AcceptBacklog: streams that were opened and not yet acknowledged, per side. */
const MAX_UNACKNOWLEDGED = 256;

export interface YamuxOptions {
  /** Which ids are ours: a client opens odd ones, a server even ones. */
  readonly side: "client" | "server";
  /**
   * Called in the turn the peer opens a stream, in the order of opening, before any of its data. Destroying the stream
   * there refuses it. Default: every stream is refused.
   */
  readonly onStream?: (stream: Duplex) => void;
  /** Streams the peer may have open at once; more are reset. Default 1 024. */
  readonly maxPeerStreams?: number;
  /** How often the peer is asked for a sign of life, milliseconds. Default 30 000, as in Go. */
  readonly keepAliveIntervalMs?: number;
  /** How long it may take to give one before the session ends, milliseconds. Default 10 000, as in Go. */
  readonly keepAliveTimeoutMs?: number;
  /** How long the peer may take to acknowledge a stream before the session ends, milliseconds. Default 75 000, as in Go. */
  readonly openTimeoutMs?: number;
  /** How long a half-closed stream may stay silent before it is reset, milliseconds. Default 300 000, as in Go. */
  readonly halfClosedTimeoutMs?: number;
}

/** Many streams on one. */
export interface YamuxSession extends AsyncDisposable {
  /** Usable at once; the peer learns of it with the first write or at the end of this turn. Throws YamuxError. */
  openStream(): Duplex;
  /** Open streams of both sides. */
  readonly streamCount: number;
  /** Settles, never rejects, when the session has ended for whatever reason. */
  readonly closed: Promise<void>;
  /** Why it ended; undefined while it lives and after a close that was asked for. */
  readonly closeReason: Error | undefined;
  /** No new streams from either side; open ones may end within the grace (default 5 000 ms), then destroy(). Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
  /** Cuts all streams, which see `reason` as their error, and the byte stream below. */
  destroy(reason?: Error): void;
}

/** A yamux session (hashicorp/yamux 0.1.2, as go-plugin uses it) on any byte stream, which belongs to it from now on. */
export function createYamuxSession(transport: Duplex, options: YamuxOptions): YamuxSession {
  return new Session(transport, options);
}

/** `closing`: no new streams. `ending`: our last bytes are on their way, input is dropped. */
type SessionState = "open" | "closing" | "ending" | "ended";

class Session implements YamuxSession, FrameSink, OutboxOwner, StreamOwner {
  readonly outbox: Outbox;
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #options: YamuxOptions;
  readonly #reader = new FrameReader(this);
  readonly #streams = new Map<number, YamuxStream>();
  readonly #ready = new Set<YamuxStream>();
  readonly #idleBudget = createIdleFrameBudget();
  readonly #resetBudget = createResetBudget();
  readonly #keepAlive: KeepAlive;
  readonly #timers: StreamTimers;
  readonly #settleClosed: () => void;
  /** Whose payload is coming in, and whether the stream ends with it. */
  #incoming: { readonly stream: YamuxStream; readonly isEnd: boolean } | undefined;
  #state: SessionState = "open";
  #peerTakesStreams = true;
  #nextId: number;
  #nextPing = 0;
  #unacknowledged = 0;
  #peerStreams = 0;
  #closeReason: Error | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(transport: Duplex, options: YamuxOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#nextId = options.side === "client" ? 1 : 2;
    this.outbox = new Outbox(transport, this);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#settleClosed = resolve;
    this.#keepAlive = new KeepAlive({
      intervalMs: options.keepAliveIntervalMs ?? 30_000,
      timeoutMs: options.keepAliveTimeoutMs ?? 10_000,
      sendPing: () => this.#sendPing(),
      onDead: () => this.destroy(new YamuxError("timeout", "the peer gives no sign of life")),
    });
    this.#timers = new StreamTimers({
      openTimeoutMs: options.openTimeoutMs ?? 75_000,
      halfClosedTimeoutMs: options.halfClosedTimeoutMs ?? 300_000,
      onOpenTimeout: (stream) => {
        this.destroy(new YamuxError("timeout", `stream ${stream.id} was not acknowledged`));
      },
    });
    this.#listen();
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get closeReason(): Error | undefined {
    return this.#closeReason;
  }

  get acceptsFrames(): boolean {
    return this.#state === "open" || this.#state === "closing";
  }

  openStream(): Duplex {
    if (this.#state !== "open") throw new YamuxError("closed", "the session is closed", this.#closeReason);
    if (!this.#peerTakesStreams) throw new YamuxError("refused", "the peer takes no more streams");
    if (this.#unacknowledged >= MAX_UNACKNOWLEDGED) {
      throw new YamuxError("refused", `the peer has yet to acknowledge ${MAX_UNACKNOWLEDGED} streams`);
    }
    // As Go: the last ids are never used.
    if (this.#nextId >= MAX_UINT32 - 1) throw new YamuxError("refused", "all stream ids are used up");
    const stream = new YamuxStream(this.#nextId, "opened", this);
    this.#nextId += 2;
    this.#unacknowledged++;
    this.#streams.set(stream.id, stream);
    this.#timers.watchOpening(stream);
    stream.announce();
    return stream;
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.outbox.addHeader(TYPE_GO_AWAY, 0, SESSION_ID, GO_AWAY_NORMAL);
      const grace = setTimeout(() => this.destroy(), options.graceMs ?? DEFAULT_GRACE_MS);
      this.#endWhenDone();
      await this.closed;
      clearTimeout(grace);
    }
    await this.closed;
  }

  destroy(reason?: Error): void {
    if (this.acceptsFrames) this.#end(reason);
    this.outbox.close();
    this.#transport.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // --- input --------------------------------------------------------------------------------------------------------

  #listen(): void {
    const transport = this.#transport;
    let failure: Error | undefined;
    transport.on("data", (chunk: Buffer) => this.#receive(chunk));
    transport.on("end", () => this.#finish(new YamuxError("remote", "the peer ended the session")));
    transport.on("error", (error) => {
      failure ??= error;
    });
    transport.on("close", () => this.#onTransportClosed(failure));
    // A stream that was closed before it came to us never says so again.
    if (transport.destroyed) process.nextTick(() => this.#onTransportClosed(failure));
  }

  #receive(chunk: Buffer): void {
    if (!this.acceptsFrames) return;
    this.#keepAlive.onReceived();
    try {
      this.#reader.receive(chunk);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new YamuxError("protocol", String(error)));
    }
  }

  onFrame(type: number, flags: number, streamId: number, length: number): void {
    this.#incoming = undefined;
    if (type !== TYPE_DATA || length === 0) this.#idleBudget.spend();
    if (type === TYPE_PING) this.#onPing(flags, length);
    else if (type === TYPE_GO_AWAY) this.#onGoAway(length);
    else this.#onStreamFrame(type, flags, streamId, length);
  }

  onPayload(piece: Buffer, isLast: boolean): void {
    if (this.#incoming === undefined) return;
    const { stream, isEnd } = this.#incoming;
    stream.onPayload(piece);
    if (isLast && isEnd && !stream.destroyed) stream.onFin();
  }

  #onStreamFrame(type: number, flags: number, streamId: number, length: number): void {
    if ((flags & FLAG_SYN) !== 0) this.#onOpened(streamId);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // We reset it, or refused it: what was under way is dropped. Data without end for nobody is no such thing.
      if (length > 0) this.#idleBudget.spend();
      return;
    }
    if ((flags & FLAG_ACK) !== 0) stream.onAck();
    if ((flags & FLAG_RST) !== 0) {
      this.#resetBudget.spend();
      stream.onReset();
      return;
    }
    const isEnd = (flags & FLAG_FIN) !== 0;
    if (type === TYPE_WINDOW_UPDATE) stream.onWindowUpdate(length);
    else if (length > 0) {
      stream.onData(length);
      this.#idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
      this.#timers.onActivity(stream);
      this.#incoming = { stream, isEnd };
      return;
    }
    if (isEnd) stream.onFin();
  }

  #onOpened(streamId: number): void {
    const isPeers = streamId !== SESSION_ID && streamId % 2 === (this.#options.side === "client" ? 0 : 1);
    if (!isPeers) throw new YamuxError("protocol", `the peer opened stream ${streamId}, an id it may not use`);
    if (this.#streams.has(streamId)) throw new YamuxError("protocol", `stream ${streamId} was opened twice`);
    const { onStream, maxPeerStreams = 1_024 } = this.#options;
    if (onStream === undefined || this.#state !== "open" || this.#peerStreams >= maxPeerStreams) {
      this.#resetBudget.spend();
      this.outbox.addHeader(TYPE_WINDOW_UPDATE, FLAG_RST, streamId, 0);
      return;
    }
    const stream = new YamuxStream(streamId, "accepted", this);
    this.#streams.set(streamId, stream);
    this.#peerStreams++;
    onStream(stream);
    if (!stream.destroyed) stream.announce();
    else this.#resetBudget.spend();
  }

  #onPing(flags: number, value: number): void {
    if ((flags & FLAG_SYN) !== 0) this.outbox.addHeader(TYPE_PING, FLAG_ACK, SESSION_ID, value);
  }

  #onGoAway(code: number): void {
    if (code === GO_AWAY_NORMAL) this.#peerTakesStreams = false;
    else throw new YamuxError("remote", `the peer ended the session with ${describeReason(code)}`);
  }

  #sendPing(): void {
    this.outbox.addHeader(TYPE_PING, FLAG_SYN, SESSION_ID, this.#nextPing);
    this.#nextPing = (this.#nextPing + 1) % (MAX_UINT32 + 1);
  }

  // --- output -------------------------------------------------------------------------------------------------------

  onReady(stream: YamuxStream): void {
    this.#ready.add(stream);
    this.#pump();
  }

  // What the peer says about our data, its window above all, is not a flood.
  onDataSent(): void {
    this.#idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
  }

  onOutboxDrained(): void {
    this.#pump();
  }

  onOutboxOverflow(): void {
    // Not in the middle of what is being written.
    queueMicrotask(() => this.destroy(new YamuxError("flood", "the peer does not read what it makes us write")));
  }

  #pump(): void {
    for (const stream of this.#ready) {
      if (this.outbox.isFull) return;
      this.#ready.delete(stream);
      // Back to the end of the line, which this loop will reach.
      if (stream.sendSome()) this.#ready.add(stream);
    }
  }

  // --- the lives of streams -----------------------------------------------------------------------------------------

  onEstablished(stream: YamuxStream): void {
    this.#unacknowledged--;
    this.#timers.onEstablished(stream);
  }

  onHalfClosed(stream: YamuxStream): void {
    this.#timers.watchHalfClosed(stream);
  }

  onDone(stream: YamuxStream): void {
    this.#ready.delete(stream);
    this.#timers.forget(stream);
    // The peer may have used the id again.
    if (this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    if (this.#isOurs(stream)) this.#unacknowledged -= stream.isEstablished ? 0 : 1;
    else this.#peerStreams--;
    this.#endWhenDone();
  }

  #isOurs(stream: YamuxStream): boolean {
    return stream.id % 2 === (this.#options.side === "client" ? 1 : 0);
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  #endWhenDone(): void {
    if (this.#state === "closing" && this.#streams.size === 0) this.#finish(undefined);
  }

  /** The peer is told what it did wrong. */
  #fail(error: Error): void {
    if (!this.acceptsFrames) return;
    this.outbox.addHeader(TYPE_GO_AWAY, 0, SESSION_ID, GO_AWAY_PROTOCOL_ERROR);
    this.#finish(error);
  }

  /**
   * Sends what is there and ends. Input is still taken, and dropped: a kernel that has unread input when a socket is
   * closed resets it, and the peer would lose our last frames.
   */
  #finish(reason: Error | undefined): void {
    if (!this.acceptsFrames) return;
    this.#end(reason);
    this.outbox.flush();
    this.outbox.close();
    this.#transport.end();
    this.#linger = setTimeout(() => this.#transport.destroy(), LINGER_MS);
  }

  #onTransportClosed(failure: Error | undefined): void {
    if (this.#state === "ended") return;
    if (this.acceptsFrames) {
      this.#end(new YamuxError("remote", `the connection was closed${failure ? `: ${failure.message}` : ""}`, failure));
    }
    this.#state = "ended";
    clearTimeout(this.#linger);
    this.outbox.close();
    this.#settleClosed();
  }

  #end(reason: Error | undefined): void {
    const wasAsked = this.#state === "closing" && this.#streams.size === 0;
    this.#closeReason = wasAsked ? undefined : reason;
    this.#state = "ending";
    this.#keepAlive.stop();
    const error = reason ?? new YamuxError("closed", "the session was closed");
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#ready.clear();
    for (const stream of streams) {
      this.#timers.forget(stream);
      stream.onSessionEnd(error);
    }
  }
}

function describeReason(code: number): string {
  if (code === GO_AWAY_PROTOCOL_ERROR) return "a protocol error";
  return code === 2 ? "an internal error" : `the unknown reason ${code}`;
}
