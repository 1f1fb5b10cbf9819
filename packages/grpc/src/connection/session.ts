import type { Duplex } from "node:stream";

import { MemoryBudget } from "../messages/memory-budget.ts";
import { MessageReader, readWholeMessages, type MessageLimits } from "../messages/message-reader.ts";
import { FrameDispatcher, type FrameHandler } from "../frames/frame-dispatcher.ts";
import { FrameReader } from "../frames/frame-reader.ts";
import { FLAG_ACK, MAX_WINDOW_BYTES } from "../frames/frame-types.ts";
import { writeGoaway, writePing, writeRstStream, writeSettingsAck, writeWindowUpdate } from "../frames/frame-writer.ts";
import { Http2Error, type Http2ErrorCode } from "../frames/http2-error.ts";
import type { Payload } from "../frames/payload.ts";
import { GrpcError } from "../grpc-error.ts";
import { createIdleFrameBudget, createResetBudget, IDLE_FRAMES_PER_CONTENT_FRAME } from "./flood-guard.ts";
import type { HeaderList } from "./header-list.ts";
import { HeaderReader } from "./header-reader.ts";
import { HeaderWriter } from "./header-writer.ts";
import { Link, type LinkOwner } from "./link.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { RecentIds } from "./recent-ids.ts";
import { Sender, type SenderOwner } from "./sender.ts";
import { applySettings, initialPeerSettings, MAX_HEADER_LIST_BYTES, STREAM_WINDOW_BYTES } from "./settings.ts";
import type { StreamRecord } from "./stream-record.ts";
import { writeHeaderBlock } from "./write-header-block.ts";

export interface SessionOptions {
  readonly stream: Duplex;
  readonly readsStream: boolean;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/**
 * `open`: as usual. `draining`: GOAWAY was sent or received, no new streams, ends with the last one. `ending`: our last
 * bytes are on their way, input is dropped. `ended`: nothing more happens.
 */
export type SessionState = "open" | "draining" | "ending" | "ended";

/** What both ends of an HTTP/2 connection have in common: streams and their states, windows, settings, the end. */
export abstract class Session implements FrameHandler, SenderOwner, LinkOwner {
  readonly streams = new Map<number, StreamRecord>();
  readonly limits: MessageLimits;
  readonly maxSendBytes: number;
  readonly headerWriter = new HeaderWriter();
  readonly sender: Sender;
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
  protected readonly settings = initialPeerSettings();
  protected readonly link: Link;
  protected readonly receiveWindow: ReceiveWindow;
  readonly #frames = new FrameReader(new FrameDispatcher(this, MAX_HEADER_LIST_BYTES));
  readonly #headers = new HeaderReader();
  readonly #resetBudget = createResetBudget();
  readonly #idleBudget = createIdleFrameBudget();
  /** Streams we reset: what the peer had under way for them is dropped in silence. */
  readonly #resetIds = new RecentIds();
  #settingsSeen = false;
  #state: SessionState = "open";
  #closeReason: Error | undefined;
  #resolveClosed: () => void = () => {};

  constructor(options: SessionOptions) {
    this.limits = {
      maxReceiveBytes: options.maxReceiveBytes,
      // Two of the largest messages at once, or many small ones.
      budget: new MemoryBudget(Math.max(2 * options.maxReceiveBytes, 1024 * 1024)),
    };
    this.maxSendBytes = options.maxSendBytes;
    this.link = new Link(options.stream, options.readsStream, this);
    this.sender = new Sender(this.link.outbox, this.settings, this);
    this.receiveWindow = new ReceiveWindow(this.link.outbox);
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

  get stream(): Duplex {
    return this.link.stream;
  }

  protected abstract readonly peer: "client" | "server";
  /** The highest stream of the peer that we may have acted on; 0 on a client. */
  protected abstract readonly lastPeerStreamId: number;
  /** Whether nobody has used that stream yet. */
  protected abstract isIdle(streamId: number): boolean;
  /** HEADERS for a stream that is not in `streams`. */
  protected abstract onNewHeaders(streamId: number, list: HeaderList, isEnd: boolean): void;
  protected abstract onStreamClosed(stream: StreamRecord): void;
  protected abstract onSettingsApplied(): void;
  protected abstract onPingAck(): void;
  protected abstract onEnded(): void;
  protected abstract onPeerGoaway(lastStreamId: number, code: Http2ErrorCode, debug: string): void;
  abstract onOutboxDrained(): void;

  // --- input ----------------------------------------------------------------------------------------------------------

  receive(bytes: Buffer): void {
    if (!this.acceptsFrames) return;
    try {
      this.readBytes(bytes);
    } catch (error) {
      this.fail(error instanceof Http2Error ? error : new Http2Error("INTERNAL_ERROR", String(error)));
    }
  }

  /** A server looks for the client's preface first. */
  protected readBytes(bytes: Buffer): void {
    this.#frames.receive(bytes);
  }

  onData(streamId: number, payload: Payload, flowBytes: number, isEnd: boolean): void {
    this.receiveWindow.take(flowBytes);
    if (payload.start === payload.end && !isEnd) this.#idleBudget.spend();
    else this.#idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    const stream = this.streams.get(streamId);
    if (stream !== undefined && stream.isRemoteOpen) this.#streamData(stream, payload, flowBytes, isEnd);
    else this.#misplaced("DATA", streamId, stream);
    this.receiveWindow.credit();
  }

  onHeaders(streamId: number, block: Payload, isEnd: boolean, dependsOnItself: boolean): void {
    // Always decoded, whatever becomes of the stream: the dynamic table must stay in step.
    const list = this.#headers.read(block.bytes, block.start, block.end);
    this.#idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    if (dependsOnItself) throw new Http2Error("PROTOCOL_ERROR", "a stream depends on itself");
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (!this.#resetIds.has(streamId)) this.onNewHeaders(streamId, list, isEnd);
      return;
    }
    if (!stream.isRemoteOpen) {
      this.streamError(stream, "STREAM_CLOSED", "HEADERS after END_STREAM");
      return;
    }
    if (isEnd && !this.#hasWholeBody(stream)) return;
    if (isEnd) this.endRemote(stream);
    stream.onHeaders(list, isEnd);
  }

  onPriority(streamId: number, problem: "FRAME_SIZE_ERROR" | "PROTOCOL_ERROR" | undefined): void {
    this.#idleBudget.spend();
    if (problem === undefined) return;
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw new Http2Error(problem, "a malformed PRIORITY frame");
    this.streamError(stream, problem, "a malformed PRIORITY frame");
  }

  onReset(streamId: number, code: Http2ErrorCode): void {
    this.#requireUsed("RST_STREAM", streamId);
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.#idleBudget.spend();
      return;
    }
    this.closeStream(stream);
    stream.onReset(code);
    if (this.peer === "client") this.#resetBudget.spend();
  }

  onSettings(payload: Payload): void {
    this.#idleBudget.spend();
    const { settings } = this;
    const windowBefore = settings.initialWindowBytes;
    const tableBefore = settings.headerTableBytes;
    // No limit unless it is named (RFC 9113 §6.5.2); until now we were careful.
    if (!this.#settingsSeen) settings.maxConcurrentStreams = Number.POSITIVE_INFINITY;
    this.#settingsSeen = true;
    applySettings(settings, payload, this.peer);
    if (settings.headerTableBytes !== tableBefore) this.headerWriter.setMaxTableSizeBytes(settings.headerTableBytes);
    writeSettingsAck(this.link.outbox);
    this.#moveWindows(settings.initialWindowBytes - windowBefore);
    this.onSettingsApplied();
  }

  onSettingsAck(): void {
    this.#idleBudget.spend();
  }

  onPing(payload: Payload, isAck: boolean): void {
    this.#idleBudget.spend();
    if (isAck) this.onPingAck();
    else writePing(this.link.outbox, FLAG_ACK, payload.bytes, payload.start);
  }

  onWindowUpdate(streamId: number, incrementBytes: number): void {
    this.#idleBudget.spend();
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
    this.#idleBudget.spend();
    this.onPeerGoaway(lastStreamId, code, debug);
  }

  onUnknownFrame(): void {
    this.#idleBudget.spend();
  }

  // --- streams --------------------------------------------------------------------------------------------------------

  onDataSent(stream: StreamRecord, isEnd: boolean): void {
    this.#idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    if (isEnd) this.endLocal(stream);
  }

  sendHeaders(stream: StreamRecord, block: Uint8Array, more: Uint8Array | undefined, isEnd: boolean): void {
    writeHeaderBlock(this.link.outbox, stream.id, block, more, isEnd);
    if (isEnd) this.endLocal(stream);
  }

  endLocal(stream: StreamRecord): void {
    if (stream.state === "half-closed-remote") this.closeStream(stream);
    else if (stream.state === "open") stream.state = "half-closed-local";
  }

  endRemote(stream: StreamRecord): void {
    if (stream.state === "half-closed-local") this.closeStream(stream);
    else if (stream.state === "open") stream.state = "half-closed-remote";
  }

  /** Ends the stream from our side, whatever is still to come. Does nothing when it has ended. */
  resetStream(stream: StreamRecord, code: Http2ErrorCode): void {
    if (!this.streams.has(stream.id)) return;
    writeRstStream(this.link.outbox, stream.id, code);
    this.#resetIds.add(stream.id);
    this.closeStream(stream);
  }

  /** The peer broke a rule that concerns one stream (RFC 9113 §5.4.2). */
  streamError(stream: StreamRecord, code: Http2ErrorCode, message: string): void {
    this.resetStream(stream, code);
    stream.onProtocolError(code, message);
    this.#resetBudget.spend();
  }

  /** Refuses a stream that has no record. */
  refuseStream(streamId: number, code: Http2ErrorCode): void {
    writeRstStream(this.link.outbox, streamId, code);
    this.#resetIds.add(streamId);
    this.#resetBudget.spend();
  }

  /** Gives back what the stream's reader has taken, in steps of half a window. */
  creditStream(stream: StreamRecord): void {
    // With unread messages waiting, the unfinished one behind them is held back too.
    const heldBytes = stream.unreadBytes === 0 ? 0 : stream.unreadBytes + (stream.reader?.pendingBytes ?? 0);
    const creditBytes = stream.uncreditedBytes - heldBytes;
    if (creditBytes < STREAM_WINDOW_BYTES / 2 || !stream.isRemoteOpen) return;
    writeWindowUpdate(this.link.outbox, stream.id, creditBytes);
    stream.receiveWindowBytes += creditBytes;
    stream.uncreditedBytes -= creditBytes;
  }

  /** A whole message waits for its reader. */
  holdUnread(stream: StreamRecord, sizeBytes: number): void {
    stream.unreadBytes += sizeBytes;
    this.receiveWindow.holdUnread(sizeBytes);
  }

  releaseUnread(stream: StreamRecord, sizeBytes: number): void {
    // What a closed stream held was released when it closed.
    if (stream.state === "closed") return;
    stream.unreadBytes -= sizeBytes;
    this.receiveWindow.releaseUnread(sizeBytes);
    this.creditStream(stream);
  }

  protected closeStream(stream: StreamRecord): void {
    stream.state = "closed";
    stream.reader?.close();
    if (stream.unreadBytes > 0) this.receiveWindow.releaseUnread(stream.unreadBytes);
    stream.unreadBytes = 0;
    if (this.streams.delete(stream.id)) this.onStreamClosed(stream);
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /** No new streams from now on; the peer is told. */
  startDraining(lastStreamId: number): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    writeGoaway(this.link.outbox, lastStreamId, "NO_ERROR", "");
  }

  /** No new streams from now on because the peer said so. */
  protected markDraining(): void {
    if (this.#state === "open") this.#state = "draining";
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
    this.#closeReason = reason;
    const message = reason === undefined ? "the connection was closed" : `the connection ended: ${reason.message}`;
    const error = new GrpcError("UNAVAILABLE", message, { cause: reason });
    for (const stream of this.streams.values()) {
      this.closeStream(stream);
      stream.onConnectionLost(error);
    }
    this.onEnded();
  }

  // --- parts of the above ---------------------------------------------------------------------------------------------

  #streamData(stream: StreamRecord, payload: Payload, flowBytes: number, isEnd: boolean): void {
    stream.receiveWindowBytes -= flowBytes;
    if (stream.receiveWindowBytes < 0) {
      this.streamError(stream, "FLOW_CONTROL_ERROR", "DATA beyond the stream's window");
      return;
    }
    stream.uncreditedBytes += flowBytes;
    stream.bodyBytes += payload.end - payload.start;
    if (isEnd && !this.#hasWholeBody(stream)) return;
    if (payload.end > payload.start) this.#readMessages(stream, payload);
    if (stream.state === "closed") return;
    if (!isEnd) {
      this.creditStream(stream);
      return;
    }
    this.endRemote(stream);
    if (stream.reader?.isInsideMessage === true) {
      stream.onBadMessage(new GrpcError("INTERNAL", "grpc: the stream ended inside a message"));
    } else stream.onEnd();
  }

  #readMessages(stream: StreamRecord, { bytes, start, end }: Payload): void {
    try {
      let at = start;
      if (stream.reader === undefined) {
        at = readWholeMessages(bytes, start, end, this.limits, stream);
        if (at === end) return;
        stream.reader = new MessageReader(this.limits);
      }
      stream.reader.read(bytes, at, end, stream);
    } catch (error) {
      if (!GrpcError.is(error)) throw error;
      stream.onBadMessage(error);
    }
  }

  /** RFC 9113 §8.1.1: a body that is not as long as content-length says is malformed. */
  #hasWholeBody(stream: StreamRecord): boolean {
    if (stream.expectedBodyBytes < 0 || stream.expectedBodyBytes === stream.bodyBytes) return true;
    this.streamError(stream, "PROTOCOL_ERROR", "the body is not as long as content-length says");
    return false;
  }

  #misplaced(name: string, streamId: number, stream: StreamRecord | undefined): void {
    this.#requireUsed(name, streamId);
    if (stream !== undefined) this.streamError(stream, "STREAM_CLOSED", `${name} after END_STREAM`);
    else if (!this.#resetIds.has(streamId)) this.refuseStream(streamId, "STREAM_CLOSED");
    else this.#idleBudget.spend();
  }

  #requireUsed(name: string, streamId: number): void {
    if (this.isIdle(streamId)) throw new Http2Error("PROTOCOL_ERROR", `${name} on stream ${streamId}, which is idle`);
  }

  /** §6.9.2: a new initial window moves the window of every open stream, below zero if need be. */
  #moveWindows(deltaBytes: number): void {
    if (deltaBytes === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindowBytes += deltaBytes;
      if (stream.sendWindowBytes > MAX_WINDOW_BYTES) {
        throw new Http2Error("FLOW_CONTROL_ERROR", "SETTINGS_INITIAL_WINDOW_SIZE overflows a window");
      }
    }
    if (deltaBytes > 0) for (const stream of this.streams.values()) this.sender.resume(stream);
  }
}
