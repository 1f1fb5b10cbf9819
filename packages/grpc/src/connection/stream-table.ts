import type { Duplex } from "node:stream";

import { MAX_WINDOW_BYTES } from "../frames/frame-types.ts";
import { writeRstStream, writeWindowUpdate } from "../frames/frame-writer.ts";
import { Http2Error, type Http2ErrorCode } from "../frames/http2-error.ts";
import type { Payload } from "../frames/payload.ts";
import { GrpcError } from "../grpc-error.ts";
import { InflateLine, Inflater } from "../messages/inflater.ts";
import { MemoryBudget } from "../messages/memory-budget.ts";
import { MessageReader, readWholeMessages, type MessageLimits } from "../messages/message-reader.ts";
import { createIdleFrameBudget, createResetBudget, IDLE_FRAMES_PER_CONTENT_FRAME } from "./flood-guard.ts";
import { HeaderWriter } from "./header-writer.ts";
import { Link, type LinkOwner } from "./link.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { RecentIds } from "./recent-ids.ts";
import { Sender, type SenderOwner } from "./sender.ts";
import { initialPeerSettings, STREAM_WINDOW_BYTES } from "./settings.ts";
import type { StreamRecord } from "./stream-record.ts";
import { writeHeaderBlock } from "./write-header-block.ts";

export interface SessionOptions {
  readonly stream: Duplex;
  readonly readsStream: boolean;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/** The streams of one connection: their states (RFC 9113 §5.1), what they send, what they take and give back. */
export abstract class StreamTable implements SenderOwner, LinkOwner {
  readonly streams = new Map<number, StreamRecord>();
  readonly limits: MessageLimits;
  readonly maxSendBytes: number;
  readonly headerWriter = new HeaderWriter();
  readonly sender: Sender;
  protected readonly settings = initialPeerSettings();
  protected readonly link: Link;
  protected readonly receiveWindow: ReceiveWindow;
  protected readonly resetBudget = createResetBudget();
  protected readonly idleBudget = createIdleFrameBudget();
  /** Streams we reset: what the peer had under way for them is dropped in silence. */
  protected readonly resetIds = new RecentIds();

  #inflateLine: InflateLine | undefined;

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
  }

  get stream(): Duplex {
    return this.link.stream;
  }

  protected abstract onStreamClosed(stream: StreamRecord): void;
  abstract receive(bytes: Buffer): void;
  abstract fail(error: Http2Error): void;
  abstract onPeerEnd(): void;
  abstract onLinkClosed(error: Error | undefined): void;
  abstract onOutboxDrained(): void;
  abstract onOutboxOverflow(): void;

  // --- sending --------------------------------------------------------------------------------------------------------

  onDataSent(stream: StreamRecord, isEnd: boolean): void {
    this.idleBudget.earn(IDLE_FRAMES_PER_CONTENT_FRAME);
    if (isEnd) this.endLocal(stream);
  }

  sendHeaders(stream: StreamRecord, block: Uint8Array, more: Uint8Array | undefined, isEnd: boolean): void {
    writeHeaderBlock(this.link.outbox, stream.id, block, more, isEnd);
    if (isEnd) this.endLocal(stream);
  }

  endLocal(stream: StreamRecord): void {
    if (stream.state === "half-closed-remote") this.#completeStream(stream);
    else if (stream.state === "open") stream.state = "half-closed-local";
  }

  endRemote(stream: StreamRecord): void {
    if (stream.state === "half-closed-local") this.#completeStream(stream);
    else if (stream.state === "open") stream.state = "half-closed-remote";
  }

  // --- receiving ------------------------------------------------------------------------------------------------------

  /** Takes DATA of a stream whose peer may still send. */
  protected receiveData(stream: StreamRecord, payload: Payload, flowBytes: number, isEnd: boolean): void {
    stream.receiveWindowBytes -= flowBytes;
    if (stream.receiveWindowBytes < 0) {
      this.streamError(stream, "FLOW_CONTROL_ERROR", "DATA beyond the stream's window");
      return;
    }
    stream.uncreditedBytes += flowBytes;
    stream.bodyBytes += payload.end - payload.start;
    if (isEnd && !this.hasWholeBody(stream)) return;
    if (payload.end > payload.start) this.#readMessages(stream, payload);
    if (stream.state === "closed") return;
    if (!isEnd) {
      this.creditStream(stream);
      return;
    }
    this.endRemote(stream);
    if (stream.inflater === undefined) tellEnd(stream);
    else stream.inflater.inOrder(() => tellEnd(stream));
  }

  #readMessages(stream: StreamRecord, { bytes, start, end }: Payload): void {
    const sink = stream.inflater ?? stream;
    try {
      let at = start;
      if (stream.reader === undefined) {
        at = readWholeMessages(bytes, start, end, this.limits, sink);
        if (at === end) return;
        stream.reader = new MessageReader(this.limits);
      }
      stream.reader.read(bytes, at, end, sink);
    } catch (error) {
      if (!GrpcError.is(error)) throw error;
      stream.onBadMessage(error);
    }
  }

  /** RFC 9113 §8.1.1: a body that is not as long as content-length says is malformed. */
  protected hasWholeBody(stream: StreamRecord): boolean {
    if (stream.expectedBodyBytes < 0 || stream.expectedBodyBytes === stream.bodyBytes) return true;
    this.streamError(stream, "PROTOCOL_ERROR", "the body is not as long as content-length says");
    return false;
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

  /** The stream's peer compresses. `isStream`: its messages are taken one by one. */
  openInflater(stream: StreamRecord, isStream: boolean): void {
    this.#inflateLine ??= new InflateLine();
    const hold = (sizeBytes: number): void => this.holdUnread(stream, sizeBytes);
    const release = (sizeBytes: number): void => this.releaseUnread(stream, sizeBytes);
    const onFault = (error: unknown): void => this.fail(new Http2Error("INTERNAL_ERROR", "internal error", error));
    const context = { limits: this.limits, line: this.#inflateLine, hold, release, onFault };
    stream.inflater = new Inflater(stream, context, isStream);
  }

  /** A whole message waits for its reader. */
  holdUnread(stream: StreamRecord, sizeBytes: number): void {
    // What comes out of an inflater after the stream's end is nothing the window knows of.
    if (stream.state === "closed") return;
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

  // --- ends and errors ------------------------------------------------------------------------------------------------

  /** Ends the stream from our side, whatever is still to come. Does nothing when it has ended. */
  resetStream(stream: StreamRecord, code: Http2ErrorCode): void {
    if (!this.streams.has(stream.id)) return;
    writeRstStream(this.link.outbox, stream.id, code);
    this.resetIds.add(stream.id);
    this.closeStream(stream);
  }

  /** The peer broke a rule that concerns one stream (RFC 9113 §5.4.2). */
  streamError(stream: StreamRecord, code: Http2ErrorCode, message: string): void {
    this.resetStream(stream, code);
    stream.onProtocolError(code, message);
    this.resetBudget.spend();
  }

  /** Refuses a stream that has no record. */
  refuseStream(streamId: number, code: Http2ErrorCode): void {
    writeRstStream(this.link.outbox, streamId, code);
    this.resetIds.add(streamId);
    this.resetBudget.spend();
  }

  #completeStream(stream: StreamRecord): void {
    this.resetBudget.earn(1);
    this.closeStream(stream);
  }

  protected closeStream(stream: StreamRecord): void {
    stream.state = "closed";
    stream.reader?.close();
    if (stream.unreadBytes > 0) this.receiveWindow.releaseUnread(stream.unreadBytes);
    stream.unreadBytes = 0;
    if (this.streams.delete(stream.id)) this.onStreamClosed(stream);
  }

  /** §6.9.2: a new initial window moves the window of every open stream, below zero if need be. */
  protected moveWindows(deltaBytes: number): void {
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

function tellEnd(stream: StreamRecord): void {
  if (stream.reader?.isInsideMessage === true) {
    stream.onBadMessage(new GrpcError("INTERNAL", "grpc: the stream ended inside a message"));
  } else stream.onEnd();
}
