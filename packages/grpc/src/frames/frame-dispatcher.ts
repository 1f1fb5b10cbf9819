import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "./frame-types.ts";
import type { FrameSink } from "./frame-reader.ts";
import { readUint32 } from "./frame-writer.ts";
import { HeaderBlockAssembler } from "./header-block-assembler.ts";
import { fromWireErrorCode, Http2Error, type Http2ErrorCode } from "./http2-error.ts";
import type { Payload } from "./payload.ts";

/** Frames that are sound in themselves; whether they fit the connection and its streams is the handler's to say. */
export interface FrameHandler {
  /** Asked before each frame; once false the rest of the input is dropped. */
  readonly acceptsFrames: boolean;
  /** `flowBytes` counts against the windows: the payload with its padding. */
  onData(streamId: number, payload: Payload, flowBytes: number, isEnd: boolean): void;
  /** A whole header block. `dependsOnItself`: its priority names its own stream (RFC 9113 §5.3.1, RFC 7540 §5.3.1). */
  onHeaders(streamId: number, block: Payload, isEnd: boolean, dependsOnItself: boolean): void;
  onPriority(streamId: number, problem: "FRAME_SIZE_ERROR" | "PROTOCOL_ERROR" | undefined): void;
  onReset(streamId: number, code: Http2ErrorCode): void;
  onSettings(payload: Payload): void;
  onSettingsAck(): void;
  onPing(payload: Payload, isAck: boolean): void;
  onGoaway(lastStreamId: number, code: Http2ErrorCode, debug: string): void;
  onWindowUpdate(streamId: number, incrementBytes: number): void;
  onUnknownFrame(): void;
}

/**
 * Checks each frame by itself (lengths, padding, stream id or none, the order of CONTINUATION) and hands its content to
 * a handler.
 */
export class FrameDispatcher implements FrameSink {
  readonly #handler: FrameHandler;
  readonly #blocks: HeaderBlockAssembler;
  readonly #payload: Payload = { bytes: Buffer.alloc(0), start: 0, end: 0 };
  #settingsSeen = false;

  constructor(handler: FrameHandler, maxHeaderBlockBytes: number) {
    this.#handler = handler;
    this.#blocks = new HeaderBlockAssembler(maxHeaderBlockBytes);
  }

  get acceptsFrames(): boolean {
    return this.#handler.acceptsFrames;
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#blocks.isOpen && (type !== FRAME_CONTINUATION || streamId !== this.#blocks.streamId)) {
      throw new Http2Error("PROTOCOL_ERROR", "a header block was interrupted by another frame");
    }
    if (!this.#settingsSeen && type !== FRAME_SETTINGS) {
      throw new Http2Error("PROTOCOL_ERROR", "the first frame is not SETTINGS");
    }
    const payload = this.#payload;
    payload.bytes = bytes;
    payload.start = start;
    payload.end = end;
    switch (type) {
      case FRAME_DATA:
        return this.#data(streamId, flags, payload);
      case FRAME_HEADERS:
        return this.#headers(streamId, flags, payload);
      case FRAME_CONTINUATION:
        return this.#continuation(streamId, flags, payload);
      case FRAME_WINDOW_UPDATE:
        return this.#windowUpdate(streamId, payload);
      case FRAME_RST_STREAM:
        return this.#reset(streamId, payload);
      case FRAME_PING:
        return this.#ping(streamId, flags, payload);
      case FRAME_SETTINGS:
        return this.#settings(streamId, flags, payload);
      case FRAME_GOAWAY:
        return this.#goaway(streamId, payload);
      case FRAME_PRIORITY:
        return this.#priority(streamId, payload);
      case FRAME_PUSH_PROMISE:
        // Servers may not push to us, clients never push (§8.4).
        throw new Http2Error("PROTOCOL_ERROR", "PUSH_PROMISE was not allowed");
      default:
        return this.#handler.onUnknownFrame();
    }
  }

  #data(streamId: number, flags: number, payload: Payload): void {
    requireStream("DATA", streamId);
    const flowBytes = payload.end - payload.start;
    if ((flags & FLAG_PADDED) !== 0) removePadding("DATA", payload);
    this.#handler.onData(streamId, payload, flowBytes, (flags & FLAG_END_STREAM) !== 0);
  }

  #headers(streamId: number, flags: number, payload: Payload): void {
    requireStream("HEADERS", streamId);
    if ((flags & FLAG_PADDED) !== 0) removePadding("HEADERS", payload);
    let dependsOnItself = false;
    if ((flags & FLAG_PRIORITY) !== 0) {
      if (payload.end - payload.start < 5) throw new Http2Error("FRAME_SIZE_ERROR", "HEADERS too short for a priority");
      dependsOnItself = (readUint32(payload.bytes, payload.start) & 0x7fff_ffff) === streamId;
      payload.start += 5;
    }
    const isEnd = (flags & FLAG_END_STREAM) !== 0;
    if ((flags & FLAG_END_HEADERS) !== 0) this.#handler.onHeaders(streamId, payload, isEnd, dependsOnItself);
    else this.#blocks.open(streamId, payload, { isEnd, dependsOnItself });
  }

  #continuation(streamId: number, flags: number, payload: Payload): void {
    if (!this.#blocks.isOpen) throw new Http2Error("PROTOCOL_ERROR", "CONTINUATION follows no header block");
    this.#blocks.add(payload);
    if ((flags & FLAG_END_HEADERS) === 0) return;
    const { isEnd, dependsOnItself } = this.#blocks.traits;
    const bytes = this.#blocks.close();
    this.#handler.onHeaders(streamId, { bytes, start: 0, end: bytes.length }, isEnd, dependsOnItself);
  }

  #windowUpdate(streamId: number, payload: Payload): void {
    requireLength("WINDOW_UPDATE", payload, 4);
    this.#handler.onWindowUpdate(streamId, readUint32(payload.bytes, payload.start) & 0x7fff_ffff);
  }

  #reset(streamId: number, payload: Payload): void {
    requireStream("RST_STREAM", streamId);
    requireLength("RST_STREAM", payload, 4);
    this.#handler.onReset(streamId, fromWireErrorCode(readUint32(payload.bytes, payload.start)));
  }

  #ping(streamId: number, flags: number, payload: Payload): void {
    requireConnection("PING", streamId);
    requireLength("PING", payload, 8);
    this.#handler.onPing(payload, (flags & FLAG_ACK) !== 0);
  }

  #settings(streamId: number, flags: number, payload: Payload): void {
    requireConnection("SETTINGS", streamId);
    if ((flags & FLAG_ACK) === 0) {
      this.#settingsSeen = true;
      return this.#handler.onSettings(payload);
    }
    requireLength("SETTINGS with ACK", payload, 0);
    if (!this.#settingsSeen) throw new Http2Error("PROTOCOL_ERROR", "the first frame is an acknowledgement");
    return this.#handler.onSettingsAck();
  }

  #goaway(streamId: number, { bytes, start, end }: Payload): void {
    requireConnection("GOAWAY", streamId);
    if (end - start < 8) throw new Http2Error("FRAME_SIZE_ERROR", `GOAWAY of ${end - start} bytes`);
    const lastStreamId = readUint32(bytes, start) & 0x7fff_ffff;
    const debug = bytes.toString("latin1", start + 8, Math.min(end, start + 8 + 256));
    this.#handler.onGoaway(lastStreamId, fromWireErrorCode(readUint32(bytes, start + 4)), debug);
  }

  #priority(streamId: number, { bytes, start, end }: Payload): void {
    requireStream("PRIORITY", streamId);
    if (end - start !== 5) return this.#handler.onPriority(streamId, "FRAME_SIZE_ERROR");
    const dependsOnItself = (readUint32(bytes, start) & 0x7fff_ffff) === streamId;
    return this.#handler.onPriority(streamId, dependsOnItself ? "PROTOCOL_ERROR" : undefined);
  }
}

/** §6.1: padding as long as the payload or longer is an error. */
function removePadding(name: string, payload: Payload): void {
  const payloadBytes = payload.end - payload.start;
  if (payloadBytes < 1) throw new Http2Error("FRAME_SIZE_ERROR", `${name} is padded but empty`);
  const padding = payload.bytes[payload.start]!;
  if (padding >= payloadBytes) throw new Http2Error("PROTOCOL_ERROR", `${name} has more padding than payload`);
  payload.start += 1;
  payload.end -= padding;
}

function requireStream(name: string, streamId: number): void {
  if (streamId === 0) throw new Http2Error("PROTOCOL_ERROR", `${name} names no stream`);
}

function requireConnection(name: string, streamId: number): void {
  if (streamId !== 0) throw new Http2Error("PROTOCOL_ERROR", `${name} names a stream`);
}

function requireLength(name: string, payload: Payload, expectedBytes: number): void {
  const actualBytes = payload.end - payload.start;
  if (actualBytes !== expectedBytes) {
    throw new Http2Error("FRAME_SIZE_ERROR", `${name} of ${actualBytes} bytes instead of ${expectedBytes}`);
  }
}
