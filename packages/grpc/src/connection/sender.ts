import { MESSAGE_PREFIX_BYTES } from "../messages/message-reader.ts";
import {
  DEFAULT_WINDOW_BYTES,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADER_BYTES,
  MAX_WINDOW_BYTES,
} from "../frames/frame-types.ts";
import { writeFrameHeader, writeUint32 } from "../frames/frame-writer.ts";
import type { Outbox } from "./outbox.ts";
import type { PeerSettings } from "./settings.ts";
import type { OutgoingMessage, StreamRecord } from "./stream-record.ts";

export interface SenderOwner {
  /** A DATA frame was written; `isEnd`: with END_STREAM. */
  onDataSent(stream: StreamRecord, isEnd: boolean): void;
}

/**
 * Sends messages within both windows. What fits leaves at once; the rest waits with its stream, and streams that may
 * send take turns, one frame each.
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly #settings: PeerSettings;
  readonly #owner: SenderOwner;
  #windowBytes = DEFAULT_WINDOW_BYTES;
  #firstReady: StreamRecord | undefined;
  #lastReady: StreamRecord | undefined;

  constructor(outbox: Outbox, settings: PeerSettings, owner: SenderOwner) {
    this.#outbox = outbox;
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Undefined when the message left at once; otherwise a promise of that, which rejects when the stream ends first. */
  send(stream: StreamRecord, bytes: Uint8Array, isLast: boolean, flag: 0 | 1 = 0): Promise<void> | undefined {
    const sizeBytes = bytes.length + MESSAGE_PREFIX_BYTES;
    if (this.#fits(stream, sizeBytes)) {
      this.#writeWhole(stream, bytes, sizeBytes, isLast, flag);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      stream.enqueue(bytes, flag, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
      if (isLast) stream.endsWithOutgoing = true;
      this.resume(stream);
    });
  }

  /** Sends bytes that are no gRPC message, then END_STREAM. */
  sendBody(stream: StreamRecord, bytes: Uint8Array): void {
    const message = stream.enqueue(bytes, 0, undefined);
    // As if the prefix were sent.
    message.sentBytes = MESSAGE_PREFIX_BYTES;
    stream.outgoingBytes -= MESSAGE_PREFIX_BYTES;
    stream.endsWithOutgoing = true;
    this.resume(stream);
  }

  /** END_STREAM after what waits, or by itself when nothing does. */
  end(stream: StreamRecord): void {
    if (stream.state === "idle" || stream.outgoing !== undefined) {
      stream.endsWithOutgoing = true;
      return;
    }
    const at = this.#outbox.reserve(FRAME_HEADER_BYTES);
    writeFrameHeader(this.#outbox.buffer, at, 0, FRAME_DATA, FLAG_END_STREAM, stream.id);
    this.#owner.onDataSent(stream, true);
  }

  /** Call when the stream was opened or its window grew. */
  resume(stream: StreamRecord): void {
    this.#markReady(stream);
    this.pump();
  }

  /** Returns false when the window would pass 2^31-1. */
  growWindow(incrementBytes: number): boolean {
    if (this.#windowBytes + incrementBytes > MAX_WINDOW_BYTES) return false;
    this.#windowBytes += incrementBytes;
    this.pump();
    return true;
  }

  /** Sends what may be sent; called when a window grew or the socket took bytes. */
  pump(): void {
    while (this.#firstReady !== undefined && this.#windowBytes > 0 && !this.#outbox.isFull) {
      const stream = this.#takeReady(this.#firstReady);
      if (stream.outgoing === undefined || !stream.isLocalOpen) continue;
      const frameBytes = Math.min(
        stream.outgoingBytes,
        stream.sendWindowBytes,
        this.#windowBytes,
        this.#settings.maxFrameBytes,
      );
      if (frameBytes > 0) this.#writeHeldBack(stream, frameBytes);
    }
  }

  #markReady(stream: StreamRecord): void {
    if (stream.isReady || stream.outgoing === undefined || stream.sendWindowBytes <= 0 || !stream.isLocalOpen) return;
    stream.isReady = true;
    if (this.#lastReady === undefined) this.#firstReady = stream;
    else this.#lastReady.nextReady = stream;
    this.#lastReady = stream;
  }

  #takeReady(stream: StreamRecord): StreamRecord {
    this.#firstReady = stream.nextReady;
    if (this.#firstReady === undefined) this.#lastReady = undefined;
    stream.nextReady = undefined;
    stream.isReady = false;
    return stream;
  }

  #fits(stream: StreamRecord, sizeBytes: number): boolean {
    return (
      sizeBytes <= stream.sendWindowBytes &&
      sizeBytes <= this.#windowBytes &&
      sizeBytes <= this.#settings.maxFrameBytes &&
      stream.outgoing === undefined &&
      this.#firstReady === undefined &&
      stream.state !== "idle" &&
      !this.#outbox.isFull
    );
  }

  #writeWhole(stream: StreamRecord, bytes: Uint8Array, sizeBytes: number, isLast: boolean, flag: 0 | 1): void {
    const at = this.#outbox.reserve(FRAME_HEADER_BYTES + sizeBytes);
    const { buffer } = this.#outbox;
    writeFrameHeader(buffer, at, sizeBytes, FRAME_DATA, isLast ? FLAG_END_STREAM : 0, stream.id);
    buffer[at + FRAME_HEADER_BYTES] = flag;
    writeUint32(buffer, at + FRAME_HEADER_BYTES + 1, bytes.length);
    buffer.set(bytes, at + FRAME_HEADER_BYTES + MESSAGE_PREFIX_BYTES);
    stream.sendWindowBytes -= sizeBytes;
    this.#windowBytes -= sizeBytes;
    this.#owner.onDataSent(stream, isLast);
  }

  #writeHeldBack(stream: StreamRecord, frameBytes: number): void {
    const start = this.#outbox.reserve(FRAME_HEADER_BYTES + frameBytes);
    const isEnd = stream.endsWithOutgoing && frameBytes === stream.outgoingBytes;
    writeFrameHeader(this.#outbox.buffer, start, frameBytes, FRAME_DATA, isEnd ? FLAG_END_STREAM : 0, stream.id);
    stream.sendWindowBytes -= frameBytes;
    this.#windowBytes -= frameBytes;
    stream.outgoingBytes -= frameBytes;
    fillFrame(stream, this.#outbox.buffer, start + FRAME_HEADER_BYTES, frameBytes);
    this.#markReady(stream);
    this.#owner.onDataSent(stream, isEnd);
    if (stream.outgoing === undefined) stream.onOutgoingSent();
  }
}

/** Moves the next `frameBytes` of what is held back into the frame, and settles the messages that are through. */
function fillFrame(stream: StreamRecord, target: Buffer, start: number, frameBytes: number): void {
  const end = start + frameBytes;
  for (let at = start; at < end;) {
    const message = stream.outgoing!;
    at = fillFromMessage(message, target, at, end);
    if (message.sentBytes < message.bytes.length + MESSAGE_PREFIX_BYTES) return;
    stream.outgoing = message.next;
    if (message.next === undefined) stream.lastOutgoing = undefined;
    message.settle?.();
  }
}

/** Returns where it stopped writing. */
function fillFromMessage(message: OutgoingMessage, target: Buffer, start: number, end: number): number {
  let at = start;
  for (; message.sentBytes < MESSAGE_PREFIX_BYTES && at < end; message.sentBytes++) {
    // The flag, then the length, highest octet first.
    target[at++] =
      message.sentBytes === 0
        ? message.flag
        : message.bytes.length >>> (8 * (MESSAGE_PREFIX_BYTES - 1 - message.sentBytes));
  }
  const from = message.sentBytes - MESSAGE_PREFIX_BYTES;
  if (from < 0) return at;
  const sizeBytes = Math.min(end - at, message.bytes.length - from);
  target.set(message.bytes.subarray(from, from + sizeBytes), at);
  message.sentBytes += sizeBytes;
  return at + sizeBytes;
}
