import type { Clock } from "../calls/clock.ts";
import { FrameDispatcher, type FrameHandler } from "../frames/frame-dispatcher.ts";
import { FrameReader } from "../frames/frame-reader.ts";
import { FLAG_ACK, MAX_WINDOW_BYTES } from "../frames/frame-types.ts";
import { writeGoaway, writePing, writeSettingsAck } from "../frames/frame-writer.ts";
import { Http2Error, type Http2ErrorCode } from "../frames/http2-error.ts";
import type { Payload } from "../frames/payload.ts";
import { GrpcError } from "../grpc-error.ts";
import { IDLE_FRAMES_PER_CONTENT_FRAME } from "./flood-guard.ts";
import type { HeaderList } from "./header-list.ts";
import { HeaderReader } from "./header-reader.ts";
import { KeepAliveTimer, type KeepAlivePeer, type KeepAlivePolicy } from "./keep-alive.ts";
import { applySettings, MAX_HEADER_LIST_BYTES } from "./settings.ts";
import type { StreamRecord } from "./stream-record.ts";
import { StreamTable, type SessionOptions } from "./stream-table.ts";

const KEEP_ALIVE_PING = Buffer.from("alive?\r\n", "latin1");

/**
 * `open`: as usual. `draining`: GOAWAY was sent or received, no new streams, ends with the last one. `ending`: our last
 * bytes are on their way, input is dropped. `ended`: nothing more happens.
 */
export type SessionState = "open" | "draining" | "ending" | "ended";

/** What both ends of an HTTP/2 connection have in common: what each frame does, settings, the end. */
export abstract class Session extends StreamTable implements FrameHandler, KeepAlivePeer {
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #frames = new FrameReader(new FrameDispatcher(this, MAX_HEADER_LIST_BYTES));
  readonly #headers = new HeaderReader();
  #settingsSeen = false;
  #state: SessionState = "open";
  #closeReason: Error | undefined;
  /** For the keep-alive, which clears them. */
  heard = false;
  heardContent = false;
  #keepAlive: KeepAliveTimer | undefined;
  #resolveClosed: () => void = () => {};

  constructor(options: SessionOptions) {
    super(options);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get closeReason(): Error | undefined {
    return this.#closeReason;
  }

  get acceptsFrames(): boolean {
    return this.#state === "open" || this.#state === "draining";
  }

  protected abstract readonly peer: "client" | "server";
  /** The highest stream of the peer that we may have acted on; 0 on a client. */
  protected abstract readonly lastPeerStreamId: number;
  /** Whether nobody has used that stream yet. */
  protected abstract isIdle(streamId: number): boolean;
  /** HEADERS for a stream that is not in `streams`. */
  protected abstract onNewHeaders(streamId: number, list: HeaderList, isEnd: boolean): void;
  protected abstract onSettingsApplied(): void;
  /** The answer to a ping of the session's own; `payload` is what that carried. */
  protected abstract onPingAck(payload: Payload): void;
  protected abstract onEnded(): void;
  /** No new streams from now on. */
  protected onDraining(): void {}
  protected abstract onPeerGoaway(lastStreamId: number, code: Http2ErrorCode, debug: string): void;

  // --- input ----------------------------------------------------------------------------------------------------------

  receive(bytes: Buffer): void {
    if (!this.acceptsFrames) return;
    this.heard = true;
    try {
      this.readBytes(bytes);
    } catch (error) {
      // Anything else is a fault of ours, and none of the peer's business.
      this.fail(error instanceof Http2Error ? error : new Http2Error("INTERNAL_ERROR", "internal error", error));
    }
  }

  /** A server looks for the client's preface first. */
  protected readBytes(bytes: Buffer): void {
    this.#frames.receive(bytes);
  }

  onData(streamId: number, payload: Payload, flowBytes: number, isEnd: boolean): void {
    this.heardContent = true;
    this.receiveWindow.take(flowBytes);
    if (payload.start === payload.end && !isEnd) this.idleBudget.spend();
    else this.idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    const stream = this.streams.get(streamId);
    if (stream !== undefined && stream.isRemoteOpen) this.receiveData(stream, payload, flowBytes, isEnd);
    else this.#misplaced("DATA", streamId, stream);
    this.receiveWindow.credit();
  }

  onHeaders(streamId: number, block: Payload, isEnd: boolean, dependsOnItself: boolean): void {
    this.heardContent = true;
    // Always decoded, whatever becomes of the stream: the dynamic table must stay in step.
    const list = this.#headers.read(block.bytes, block.start, block.end);
    this.idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    if (dependsOnItself) throw new Http2Error("PROTOCOL_ERROR", "a stream depends on itself");
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (!this.resetIds.has(streamId)) this.onNewHeaders(streamId, list, isEnd);
      return;
    }
    if (!stream.isRemoteOpen) {
      this.streamError(stream, "STREAM_CLOSED", "HEADERS after END_STREAM");
      return;
    }
    if (isEnd && !this.hasWholeBody(stream)) return;
    if (isEnd) this.endRemote(stream);
    if (stream.inflater === undefined) stream.onHeaders(list, isEnd);
    else stream.inflater.inOrder(() => stream.onHeaders(list, isEnd));
  }

  onPriority(streamId: number, problem: "FRAME_SIZE_ERROR" | "PROTOCOL_ERROR" | undefined): void {
    this.idleBudget.spend();
    if (problem === undefined) return;
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw new Http2Error(problem, "a malformed PRIORITY frame");
    this.streamError(stream, problem, "a malformed PRIORITY frame");
  }

  onReset(streamId: number, code: Http2ErrorCode): void {
    this.#requireUsed("RST_STREAM", streamId);
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.idleBudget.spend();
      return;
    }
    this.closeStream(stream);
    stream.onReset(code);
    if (this.peer === "client") this.resetBudget.spend();
  }

  onSettings(payload: Payload): void {
    this.idleBudget.spend();
    const { settings } = this;
    const windowBefore = settings.initialWindowBytes;
    const tableBefore = settings.headerTableBytes;
    // No limit unless it is named (RFC 9113 §6.5.2); until now we were careful.
    if (!this.#settingsSeen) settings.maxConcurrentStreams = Number.POSITIVE_INFINITY;
    this.#settingsSeen = true;
    applySettings(settings, payload, this.peer);
    if (settings.headerTableBytes !== tableBefore) this.headerWriter.setMaxTableSizeBytes(settings.headerTableBytes);
    writeSettingsAck(this.link.outbox);
    this.moveWindows(settings.initialWindowBytes - windowBefore);
    this.onSettingsApplied();
  }

  onSettingsAck(): void {
    this.idleBudget.spend();
  }

  onPing(payload: Payload, isAck: boolean): void {
    this.idleBudget.spend();
    if (isAck) this.#onPingAck(payload);
    else writePing(this.link.outbox, FLAG_ACK, payload.bytes, payload.start);
  }

  onWindowUpdate(streamId: number, incrementBytes: number): void {
    this.idleBudget.spend();
    if (streamId === 0) {
      if (incrementBytes === 0) throw new Http2Error("PROTOCOL_ERROR", "WINDOW_UPDATE of 0");
      if (this.sender.growWindow(incrementBytes)) return;
      throw new Http2Error("FLOW_CONTROL_ERROR", "the connection's window exceeds 2^31-1");
    }
    this.#requireUsed("WINDOW_UPDATE", streamId);
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    if (incrementBytes === 0) this.streamError(stream, "PROTOCOL_ERROR", "WINDOW_UPDATE of 0");
    else if (stream.sendWindowBytes + incrementBytes > MAX_WINDOW_BYTES) {
      this.streamError(stream, "FLOW_CONTROL_ERROR", "the stream's window exceeds 2^31-1");
    } else {
      stream.sendWindowBytes += incrementBytes;
      this.sender.resume(stream);
    }
  }

  onGoaway(lastStreamId: number, code: Http2ErrorCode, debug: string): void {
    this.idleBudget.spend();
    this.onPeerGoaway(lastStreamId, code, debug);
  }

  onUnknownFrame(): void {
    this.idleBudget.spend();
  }

  #misplaced(name: string, streamId: number, stream: StreamRecord | undefined): void {
    this.#requireUsed(name, streamId);
    if (stream !== undefined) this.streamError(stream, "STREAM_CLOSED", `${name} after END_STREAM`);
    else if (!this.resetIds.has(streamId)) this.refuseStream(streamId, "STREAM_CLOSED");
    else this.idleBudget.spend();
  }

  #requireUsed(name: string, streamId: number): void {
    if (this.isIdle(streamId)) throw new Http2Error("PROTOCOL_ERROR", `${name} on stream ${streamId}, which is idle`);
  }

  // --- keep-alive -----------------------------------------------------------------------------------------------------

  protected startKeepAlive(policy: KeepAlivePolicy, clock: Clock): void {
    this.#keepAlive = new KeepAliveTimer(this, policy, clock);
  }

  get hasCalls(): boolean {
    return this.streams.size > 0;
  }

  ping(): void {
    writePing(this.link.outbox, 0, KEEP_ALIVE_PING, 0);
  }

  onSilence(timeoutMs: number): void {
    const why = `the ${this.peer} answers nothing, not even a ping within ${timeoutMs} ms`;
    this.destroy(new GrpcError("UNAVAILABLE", why));
  }

  #onPingAck(payload: Payload): void {
    const { bytes, start, end } = payload;
    if (bytes.compare(KEEP_ALIVE_PING, 0, 8, start, end) === 0) this.#keepAlive?.onPingAck();
    else this.onPingAck(payload);
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /** No new streams from now on; the peer is told. */
  startDraining(lastStreamId: number): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    writeGoaway(this.link.outbox, lastStreamId, "NO_ERROR", "");
    this.onDraining();
  }

  /** No new streams from now on because the peer said so. */
  protected markDraining(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.onDraining();
  }

  /** A connection error (RFC 9113 §5.4.1): the peer is told, everything open is lost. */
  fail(error: Http2Error): void {
    if (!this.acceptsFrames) return;
    writeGoaway(this.link.outbox, this.lastPeerStreamId, error.code, error.message);
    this.finish(error);
  }

  /** Sends what is there and ends the connection. */
  finish(reason: Error | undefined): void {
    if (!this.acceptsFrames) return;
    this.#end("ending", reason);
    this.link.end();
  }

  destroy(reason?: Error): void {
    if (this.#state === "ended") return;
    if (this.#state === "ending") this.#state = "ended";
    else this.#end("ended", reason);
    this.link.destroy();
  }

  onPeerEnd(): void {
    const wasOver = this.#state === "draining" && this.streams.size === 0;
    this.finish(wasOver ? undefined : new GrpcError("UNAVAILABLE", "the peer closed the connection"));
  }

  onLinkClosed(error: Error | undefined): void {
    if (this.acceptsFrames) this.#end("ended", error ?? new GrpcError("UNAVAILABLE", "the connection was closed"));
    this.#state = "ended";
    this.#resolveClosed();
  }

  onOutboxOverflow(): void {
    this.destroy(new Http2Error("ENHANCE_YOUR_CALM", "the peer does not read what it makes us write"));
  }

  #end(state: "ending" | "ended", reason: Error | undefined): void {
    this.#state = state;
    this.#keepAlive?.stop();
    this.#closeReason = reason;
    const message = reason === undefined ? "the connection was closed" : `the connection ended: ${reason.message}`;
    const error = new GrpcError("UNAVAILABLE", message, { cause: reason });
    for (const stream of this.streams.values()) {
      this.closeStream(stream);
      stream.onConnectionLost(error);
    }
    this.onEnded();
  }
}
