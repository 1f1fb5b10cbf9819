import type { Inflater } from "../messages/inflater.ts";
import type { MessageReader, MessageSink } from "../messages/message-reader.ts";
import { MESSAGE_PREFIX_BYTES } from "../messages/message-reader.ts";
import type { Http2ErrorCode } from "../frames/http2-error.ts";
import type { GrpcError } from "../grpc-error.ts";
import type { HeaderList } from "./header-list.ts";
import { STREAM_WINDOW_BYTES } from "./settings.ts";

/** RFC 9113 §5.1, without the reserved states: nobody pushes. */
export type StreamState = "idle" | "open" | "half-closed-local" | "half-closed-remote" | "closed";

/** A message that flow control holds back. */
export interface OutgoingMessage {
  readonly bytes: Uint8Array;
  /** The octet before its length: whether it is compressed. */
  readonly flag: 0 | 1;
  /** Of the prefix and the bytes together. */
  sentBytes: number;
  readonly settle: ((error?: GrpcError) => void) | undefined;
  next: OutgoingMessage | undefined;
}

/** The one record of a stream: its state, both windows, what waits to be sent. Calls extend it. */
export abstract class StreamRecord implements MessageSink {
  id = 0;
  state: StreamState = "idle";

  /** What the peer still lets us send; negative after it lowered its initial window (§6.9.2). */
  sendWindowBytes = 0;
  outgoing: OutgoingMessage | undefined = undefined;
  lastOutgoing: OutgoingMessage | undefined = undefined;
  outgoingBytes = 0;
  /** END_STREAM goes with the last outgoing byte. */
  endsWithOutgoing = false;
  isReady = false;
  nextReady: StreamRecord | undefined = undefined;

  /** What we still let the peer send. */
  receiveWindowBytes = STREAM_WINDOW_BYTES;
  /** Received, and not yet given back with WINDOW_UPDATE. */
  uncreditedBytes = 0;
  /** What of the connection's unread bytes is this stream's: whole messages nobody has taken yet. */
  unreadBytes = 0;
  bodyBytes = 0;
  /** The peer's content-length; -1 when it gave none. */
  expectedBodyBytes = -1;
  reader: MessageReader | undefined = undefined;
  /** What messages and the end go through when the peer compresses. */
  inflater: Inflater | undefined = undefined;

  get acceptsMessages(): boolean {
    return this.state !== "closed";
  }

  get isRemoteOpen(): boolean {
    return this.state === "open" || this.state === "half-closed-local";
  }

  get isLocalOpen(): boolean {
    return this.state === "open" || this.state === "half-closed-remote";
  }

  /** A header block after the one that opened the stream, or the response to it. */
  abstract onHeaders(list: HeaderList, isEnd: boolean): void;
  abstract onMessage(message: Buffer): void;
  /** The peer sent END_STREAM with DATA. */
  abstract onEnd(): void;
  /** The peer's bytes cannot be messages, or exceed a limit. */
  abstract onBadMessage(error: GrpcError): void;
  /** The peer broke HTTP/2's rules on this stream, which was reset for it. */
  abstract onProtocolError(code: Http2ErrorCode, message: string): void;
  abstract onReset(code: Http2ErrorCode): void;
  abstract onConnectionLost(error: GrpcError): void;
  /** Everything that was held back has been sent. */
  abstract onOutgoingSent(): void;

  enqueue(bytes: Uint8Array, flag: 0 | 1, settle: ((error?: GrpcError) => void) | undefined): OutgoingMessage {
    const message: OutgoingMessage = { bytes, flag, sentBytes: 0, settle, next: undefined };
    if (this.lastOutgoing === undefined) this.outgoing = message;
    else this.lastOutgoing.next = message;
    this.lastOutgoing = message;
    this.outgoingBytes += bytes.length + MESSAGE_PREFIX_BYTES;
    return message;
  }

  dropOutgoing(error: GrpcError): void {
    let message = this.outgoing;
    this.outgoing = undefined;
    this.lastOutgoing = undefined;
    this.outgoingBytes = 0;
    for (; message !== undefined; message = message.next) message.settle?.(error);
  }
}
