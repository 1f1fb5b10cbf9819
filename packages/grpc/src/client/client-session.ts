import { systemClock, type Clock } from "../calls/clock.ts";
import { DeadlineQueue } from "../calls/deadline-queue.ts";
import { formatGrpcTimeout } from "../calls/grpc-timeout.ts";
import { addWireMetadata } from "../calls/wire-metadata.ts";
import { CLIENT_PREFACE, MAX_STREAM_ID } from "../frames/frame-types.ts";
import { writeSettings } from "../frames/frame-writer.ts";
import { Http2Error, type Http2ErrorCode } from "../frames/http2-error.ts";
import { GrpcError } from "../grpc-error.ts";
import { ACCEPTED_ENCODINGS } from "../messages/gzip.ts";
import type { HeaderField } from "../hpack/index.ts";
import type { HeaderList } from "../connection/header-list.ts";
import { DEFAULT_SERVER_MIN_INTERVAL_MS, type ClientKeepAlive } from "../connection/keep-alive.ts";
import { encodeLiteralField, LiteralFields } from "../connection/literal-field.ts";
import { Session } from "../connection/session.ts";
import { ownClientSettings } from "../connection/settings.ts";
import type { StreamRecord } from "../connection/stream-record.ts";
import type { SessionOptions } from "../connection/stream-table.ts";
import { AbortWatch } from "./abort-watch.ts";
import { errorFromAbort, type CallSession, type ClientCall } from "./client-call.ts";

/** Calls that may wait for the peer's concurrency limit or for a full socket. */
const MAX_WAITING_CALLS = 10_000;

export interface ClientSessionOptions extends SessionOptions {
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly userAgent: string;
  readonly keepAlive: ClientKeepAlive | undefined;
  readonly explainError: ((error: GrpcError) => GrpcError) | undefined;
  readonly hooks?: ConnectionHooks;
}

/** For who keeps connections, and for tests. */
export interface ConnectionHooks {
  readonly clock?: Clock;
  /** The server's SETTINGS are here: it speaks HTTP/2. */
  onReady?(): void;
  /** No new calls: the server leaves, the ids are used up, the connection has ended. Called once. */
  onUnavailable?(): void;
  /** Where a long life of the connection would have led. */
  readonly firstStreamId?: number;
}

/** The client's end: opens streams for calls, as many as the server allows at once. */
export class ClientSession extends Session implements CallSession {
  protected readonly peer = "server";
  protected readonly lastPeerStreamId = 0;
  readonly explainError: ((error: GrpcError) => GrpcError) | undefined;
  readonly #fixedFields: readonly HeaderField[];
  readonly #deadlines = new DeadlineQueue();
  readonly #aborts = new AbortWatch();
  readonly #requestFields = (path: string): readonly HeaderField[] => [
    ...this.#fixedFields.slice(0, 3),
    { name: ":path", value: path },
    ...this.#fixedFields.slice(3),
  ];
  #waiting: ClientCall[] = [];
  #nextStreamId: number;
  readonly #hooks: ConnectionHooks;
  #isReady = false;
  #isUnavailable = false;
  #goaway: GrpcError | undefined;
  #isClosing = false;
  #timeout: { readonly timeoutMs: number; readonly field: Buffer } | undefined;

  constructor(options: ClientSessionOptions) {
    super(options);
    this.#fixedFields = [
      { name: ":method", value: "POST" },
      { name: ":scheme", value: options.scheme },
      { name: ":authority", value: options.authority },
      { name: "te", value: "trailers" },
      { name: "content-type", value: "application/grpc" },
      { name: "user-agent", value: options.userAgent },
      { name: "grpc-accept-encoding", value: ACCEPTED_ENCODINGS },
    ];
    const { outbox } = this.link;
    const at = outbox.reserve(CLIENT_PREFACE.length);
    CLIENT_PREFACE.copy(outbox.buffer, at);
    writeSettings(outbox, ownClientSettings());
    this.receiveWindow.open();
    this.explainError = options.explainError;
    this.#hooks = options.hooks ?? {};
    this.#nextStreamId = this.#hooks.firstStreamId ?? 1;
    if (options.keepAlive !== undefined) this.#startKeepAlive(options.keepAlive, this.#hooks.clock ?? systemClock);
  }

  #startKeepAlive(options: ClientKeepAlive, clock: Clock): void {
    const { withoutCalls = false, serverMinIntervalMs: minIntervalMs = DEFAULT_SERVER_MIN_INTERVAL_MS } = options;
    this.startKeepAlive({ ...options, withoutCalls, minIntervalMs }, clock);
  }

  // --- calls ----------------------------------------------------------------------------------------------------------

  /** Starts a call, now or when its turn comes; one that cannot start ends at once. */
  start(call: ClientCall): void {
    const refusal = this.#refusal(call);
    if (refusal !== undefined) return call.finish(refusal);
    const { signal, deadlineMs } = call.options;
    if (deadlineMs !== undefined) {
      call.deadlineAtMs = performance.now() + deadlineMs;
      this.#deadlines.add(call);
    }
    if (signal !== undefined) this.#aborts.add(signal, call);
    if (this.#waiting.length === 0 && this.#mayOpen) return this.#open(call);
    return this.#wait(call);
  }

  /** A call is over: lets go of everything that is kept for it. */
  release(call: ClientCall, code: Http2ErrorCode): void {
    if (call.deadlineIndex >= 0) this.#deadlines.remove(call);
    if (call.options.signal !== undefined) this.#aborts.remove(call.options.signal, call);
    if (call.state !== "idle" && call.state !== "closed") this.resetStream(call, code);
  }

  get #mayOpen(): boolean {
    return (
      this.streams.size < this.settings.maxConcurrentStreams &&
      !this.link.outbox.isFull &&
      this.#goaway === undefined &&
      this.acceptsFrames
    );
  }

  #refusal(call: ClientCall): GrpcError | undefined {
    if (this.state !== "open") {
      const cause = this.closeReason ?? this.#goaway;
      const why = cause === undefined ? "the connection is closed" : `the connection ended: ${cause.message}`;
      return new GrpcError("UNAVAILABLE", why, { cause, unprocessed: "unsent" });
    }
    const { signal, deadlineMs } = call.options;
    if (signal?.aborted === true) {
      return errorFromAbort(signal.reason, "the call was cancelled before it started");
    }
    if (deadlineMs !== undefined && !(deadlineMs > 0)) {
      return new GrpcError("DEADLINE_EXCEEDED", "the deadline passed before the call started");
    }
    return undefined;
  }

  #wait(call: ClientCall): void {
    if (this.#waiting.length >= MAX_WAITING_CALLS) this.#waiting = this.#waiting.filter((other) => !other.isDone);
    if (this.#waiting.length >= MAX_WAITING_CALLS) {
      const limit = this.settings.maxConcurrentStreams;
      const why = `${MAX_WAITING_CALLS} calls already wait for the server, which takes ${limit} at once`;
      return call.finish(new GrpcError("RESOURCE_EXHAUSTED", why));
    }
    call.hasWaited = true;
    this.#waiting.push(call);
    return undefined;
  }

  #startWaiting(): void {
    if (this.#waiting.length === 0 || !this.#mayOpen) return;
    let taken = 0;
    while (taken < this.#waiting.length && this.#mayOpen) {
      const call = this.#waiting[taken++]!;
      if (!call.isDone) this.#open(call);
    }
    this.#waiting.splice(0, taken);
  }

  #open(call: ClientCall): void {
    if (this.#nextStreamId > MAX_STREAM_ID) {
      // 2^30 calls: the connection has done its work (RFC 9113 §5.1.1).
      this.startDraining(0);
      call.finish(
        new GrpcError("UNAVAILABLE", "the connection has used all its stream ids", { unprocessed: "unsent" }),
      );
      return this.#finishWhenDone();
    }
    const varying = this.#varyingFields(call);
    if (varying instanceof GrpcError) return call.finish(varying);
    const block = this.#requestBlock(call.path);
    if (block instanceof GrpcError) return call.finish(block);
    call.id = this.#nextStreamId;
    this.#nextStreamId += 2;
    call.state = "open";
    call.sendWindowBytes = this.settings.initialWindowBytes;
    this.streams.set(call.id, call);
    const isEnd = call.endsWithOutgoing && call.outgoing === undefined;
    this.sendHeaders(call, block, varying, isEnd);
    if (call.outgoing !== undefined) this.sender.resume(call);
    return undefined;
  }

  #requestBlock(path: string): Uint8Array | GrpcError {
    try {
      return this.headerWriter.block(path, this.#requestFields);
    } catch (error) {
      return new GrpcError("INTERNAL", `the method path ${JSON.stringify(path)} cannot be sent`, { cause: error });
    }
  }

  /** What differs from call to call of one method: the deadline and metadata. */
  #varyingFields(call: ClientCall): Buffer | undefined | GrpcError {
    const { deadlineMs, metadata, compress } = call.options;
    if ((metadata === undefined || metadata.size === 0) && compress === undefined) {
      return deadlineMs === undefined ? undefined : this.#timeoutField(call);
    }
    const fields = addWireMetadata(new LiteralFields(), metadata ?? []);
    if (compress !== undefined) fields.add("grpc-encoding", compress, false);
    // The fixed fields are far below any limit in use.
    if (fields.listBytes + 512 > this.settings.maxHeaderListBytes) {
      return new GrpcError("RESOURCE_EXHAUSTED", "the metadata is larger than the header list the server takes");
    }
    return deadlineMs === undefined ? fields.encode() : Buffer.concat([this.#timeoutField(call), fields.encode()]);
  }

  /** Calls of one kind tend to have one timeout: the last field is kept. */
  #timeoutField(call: ClientCall): Buffer {
    // A call that did not wait has all its time left.
    const timeoutMs = call.hasWaited ? call.deadlineAtMs - performance.now() : call.options.deadlineMs!;
    if (this.#timeout?.timeoutMs !== timeoutMs) {
      this.#timeout = { timeoutMs, field: encodeLiteralField("grpc-timeout", formatGrpcTimeout(timeoutMs), false) };
    }
    return this.#timeout.field;
  }

  // --- what the session asks ------------------------------------------------------------------------------------------

  protected isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId >= this.#nextStreamId;
  }

  protected onNewHeaders(streamId: number, _list: HeaderList, _isEnd: boolean): void {
    if (this.isIdle(streamId)) throw new Http2Error("PROTOCOL_ERROR", `HEADERS on stream ${streamId}, which is idle`);
    this.refuseStream(streamId, "STREAM_CLOSED");
  }

  protected onStreamClosed(_stream: StreamRecord): void {
    this.#startWaiting();
    this.#finishWhenDone();
  }

  protected onSettingsApplied(): void {
    this.#startWaiting();
    if (this.#isReady) return;
    this.#isReady = true;
    this.#hooks.onReady?.();
  }

  protected onPingAck(): void {}

  onOutboxDrained(): void {
    this.sender.pump();
    this.#startWaiting();
  }

  protected override onDraining(): void {
    this.#tellUnavailable();
  }

  #tellUnavailable(): void {
    if (this.#isUnavailable) return;
    this.#isUnavailable = true;
    this.#hooks.onUnavailable?.();
  }

  protected onPeerGoaway(lastStreamId: number, code: Http2ErrorCode, debug: string): void {
    const text = debug === "" ? code : `${code}, ${JSON.stringify(debug)}`;
    const why = `the server closes the connection: GOAWAY ${text}`;
    this.#goaway = new GrpcError("UNAVAILABLE", why);
    const refused = new GrpcError("UNAVAILABLE", why, { unprocessed: "refused" });
    this.markDraining();
    this.#failWaiting(new GrpcError("UNAVAILABLE", why, { unprocessed: "unsent" }));
    for (const stream of this.streams.values()) {
      // The server promises it has not acted on these (RFC 9113 §6.8).
      if (stream.id <= lastStreamId) continue;
      this.closeStream(stream);
      stream.onConnectionLost(refused);
    }
    this.#finishWhenDone();
  }

  /** A server that said why it leaves is quoted. */
  override onPeerEnd(): void {
    if (this.#goaway !== undefined && this.streams.size > 0) this.finish(this.#goaway);
    else super.onPeerEnd();
  }

  protected onEnded(): void {
    const why = this.closeReason === undefined ? "was closed" : `ended: ${this.closeReason.message}`;
    const error = { cause: this.closeReason, unprocessed: "unsent" } as const;
    this.#failWaiting(new GrpcError("UNAVAILABLE", `the connection ${why}`, error));
    this.#tellUnavailable();
    this.#deadlines.close();
    this.#aborts.close();
  }

  #failWaiting(error: GrpcError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.finish(error);
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  async close(graceMs: number): Promise<void> {
    if (this.acceptsFrames) {
      this.#isClosing = true;
      this.startDraining(0);
      this.#finishWhenDone();
      const grace = setTimeout(() => this.destroy(), graceMs);
      await this.closed;
      clearTimeout(grace);
    }
    await this.closed;
  }

  #finishWhenDone(): void {
    if (this.state !== "draining" || this.streams.size > 0 || this.#waiting.some((call) => !call.isDone)) return;
    this.finish(this.#isClosing ? undefined : this.#goaway);
  }
}
