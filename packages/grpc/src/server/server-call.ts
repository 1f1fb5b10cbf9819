import type { Deadline } from "../calls/deadline-queue.ts";
import { decodeMessage, encodeMessage } from "../calls/marshal.ts";
import { MessageCompressor } from "../calls/message-compressor.ts";
import { MessageQueue } from "../calls/message-queue.ts";
import { pump, type PumpTarget } from "../calls/pump.ts";
import { fromWireMetadata } from "../calls/wire-metadata.ts";
import type { HeaderList } from "../connection/header-list.ts";
import type { Sender } from "../connection/sender.ts";
import { StreamRecord } from "../connection/stream-record.ts";
import type { Http2ErrorCode } from "../frames/http2-error.ts";
import { GrpcError } from "../grpc-error.ts";
import type { ShortenableCall } from "../interceptors/intercept-handler.ts";
import { heldSizeOf } from "../messages/message-reader.ts";
import { Metadata } from "../metadata.ts";
import type { Route } from "./routes.ts";

/** What a call asks of the connection it is on. */
export interface ServerCallSession {
  readonly sender: Sender;
  readonly maxSendBytes: number;
  readonly stream: unknown;
  /** Initial metadata; `metadata` is undefined for the usual, empty one. */
  sendResponseHead(call: ServerCallRecord, metadata: Metadata | undefined): void;
  /** The end: `error` is undefined for OK. Alone when no head was sent. */
  sendStatus(call: ServerCallRecord, error: GrpcError | undefined): void;
  resetStream(stream: StreamRecord, code: Http2ErrorCode): void;
  holdUnread(stream: StreamRecord, sizeBytes: number): void;
  releaseUnread(stream: StreamRecord, sizeBytes: number): void;
  /** Nothing more will be sent for the call; its handler may still run. */
  release(call: ServerCallRecord): void;
  /** The call's deadline is another one now. */
  rescheduleDeadline(call: ServerCallRecord): void;
  /** The handler has returned: the call no longer counts against the concurrency limit. */
  onHandlerDone(call: ServerCallRecord): void;
}

/**
 * One call on a server: the record of its stream and what its handler sees. What few handlers ask for (metadata, the
 * signal) is made when it is asked for.
 */
export class ServerCallRecord extends StreamRecord implements ShortenableCall, Deadline, PumpTarget<unknown> {
  readonly path: string;
  deadlineAtMs = 0;
  deadlineIndex = -1;
  /** Nothing more can be sent. */
  isDone = false;
  /** The handler was called and has not returned. */
  isHandling = false;
  /** The stream is gone while the handler still runs. */
  outlivedStream = false;
  headSent = false;
  onDone: (() => void) | undefined = undefined;
  readonly #session: ServerCallSession;
  readonly #head: HeaderList;
  readonly #route: Route;
  #timeoutMs: number | undefined;
  #metadata: Metadata | undefined;
  #trailers: Metadata | undefined;
  #abort: AbortController | undefined;
  #abortReason: GrpcError | undefined;
  #request: Buffer | undefined;
  #requests: MessageQueue<unknown> | undefined;
  #compressor: MessageCompressor | undefined;
  /** How it ends once everything that is held back has been sent. */
  #ending: { readonly error: GrpcError | undefined } | undefined;

  constructor(session: ServerCallSession, head: HeaderList, route: Route) {
    super();
    this.#session = session;
    this.#head = head;
    this.#route = route;
    this.path = head.path!;
  }

  // --- what the handler sees ------------------------------------------------------------------------------------------

  get metadata(): Metadata {
    this.#metadata ??= fromWireMetadata(this.#head);
    return this.#metadata;
  }

  get trailers(): Metadata {
    this.#trailers ??= new Metadata();
    return this.#trailers;
  }

  /** Undefined when no handler asked for it: there is nothing to send. */
  get filledTrailers(): Metadata | undefined {
    return this.#trailers;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  get deadline(): Date | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    return new Date(performance.timeOrigin + this.deadlineAtMs);
  }

  get peer(): unknown {
    return this.#session.stream;
  }

  sendHeaders(metadata: Metadata): void {
    if (this.isDone) return;
    if (this.headSent) throw new GrpcError("INTERNAL", "the headers of the call were sent before");
    this.#session.sendResponseHead(this, metadata);
  }

  compressResponses(): boolean {
    if (this.headSent) throw new GrpcError("INTERNAL", "the headers of the call were sent before");
    const accepted = this.#head.fields.find(({ name }) => name === "grpc-accept-encoding")?.value ?? "";
    if (!accepted.split(",").some((encoding) => encoding.trim() === "gzip")) return false;
    this.#compressor ??= new MessageCompressor((bytes, _isLast, isPacked) =>
      this.isDone
        ? Promise.reject(new GrpcError("CANCELLED", "the call is over"))
        : this.#session.sender.send(this, bytes, false, isPacked ? 1 : 0),
    );
    return true;
  }

  /** Responses may be compressed: the head must say so. */
  get isPacked(): boolean {
    return this.#compressor !== undefined;
  }

  // --- what the stream brings -----------------------------------------------------------------------------------------

  override get acceptsMessages(): boolean {
    return !this.isDone;
  }

  /** Takes the deadline the client asked for; its end is the queue's business. */
  setTimeoutMs(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.deadlineAtMs = performance.now() + timeoutMs;
  }

  shortenDeadline(deadline: Date): void {
    const atMs = deadline.getTime() - performance.timeOrigin;
    if (Number.isNaN(atMs)) throw new GrpcError("INTERNAL", `${this.path} was given a deadline that is no time`);
    // A Date knows whole milliseconds only: the call's own deadline is no earlier one.
    if (this.isDone || (this.#timeoutMs !== undefined && atMs > this.deadlineAtMs - 1)) return;
    this.#timeoutMs = atMs - performance.now();
    this.deadlineAtMs = atMs;
    this.#session.rescheduleDeadline(this);
  }

  /** Handlers of request streams start with the headers, the others when the request is whole. */
  begin(): void {
    if (!this.#route.streamsRequests) return;
    this.#requests = new MessageQueue((bytes) => decodeMessage(this.#route.method.request, bytes), {
      onMessageTaken: (heldBytes) => {
        this.#session.releaseUnread(this, heldBytes);
        this.inflater?.onTaken(heldBytes);
      },
      // A handler may stop reading and still answer: the rest is taken and dropped.
      onReaderLeft: () => {},
    });
    this.#handle(this.#requests);
  }

  onMessage(message: Buffer): void {
    if (this.#requests !== undefined) {
      if (this.#requests.isOver) {
        this.inflater?.onTaken(heldSizeOf(message));
        return;
      }
      this.#session.holdUnread(this, heldSizeOf(message));
      this.#requests.push(message);
    } else if (this.#request === undefined) this.#request = message;
    else this.finish(new GrpcError("INTERNAL", "grpc: the client sent more than one request message"));
  }

  onEnd(): void {
    if (this.isDone) return;
    if (this.#requests !== undefined) return this.#requests.end();
    if (this.#request === undefined) {
      return this.finish(new GrpcError("INTERNAL", "grpc: the client sent no request message"));
    }
    try {
      const request = decodeMessage(this.#route.method.request, this.#request);
      this.#request = undefined;
      return this.#handle(request);
    } catch (error) {
      return this.finish(GrpcError.from(error));
    }
  }

  /** Trailers of a request: gRPC has none, HTTP/2 allows them. */
  onHeaders(list: HeaderList, isEnd: boolean): void {
    const problem = isEnd ? list.trailersProblem : "a second header block does not end the stream";
    if (problem === undefined) return this.onEnd();
    this.#session.resetStream(this, "PROTOCOL_ERROR");
    return this.#cut(new GrpcError("INTERNAL", `the client sent a malformed request: ${problem}`));
  }

  onBadMessage(error: GrpcError): void {
    this.finish(error);
    this.#abortWith(error);
  }

  onProtocolError(code: Http2ErrorCode, message: string): void {
    this.#cut(new GrpcError("CANCELLED", `the client broke HTTP/2 (${code}): ${message}`));
  }

  onReset(code: Http2ErrorCode): void {
    this.#cut(new GrpcError("CANCELLED", `the client reset the call with ${code}`));
  }

  onConnectionLost(error: GrpcError): void {
    this.#cut(new GrpcError("CANCELLED", `the client is gone: ${error.message}`, { cause: error }));
  }

  onDeadline(): void {
    const error = new GrpcError("DEADLINE_EXCEEDED", "context deadline exceeded");
    this.finish(error);
    if (this.#ending !== undefined) this.#sendStatus(error);
    this.#abortWith(error);
  }

  onOutgoingSent(): void {
    const ending = this.#ending;
    if (ending !== undefined) this.#sendStatus(ending.error);
  }

  // --- what the handler answers ---------------------------------------------------------------------------------------

  send(message: unknown): Promise<void> | undefined {
    const bytes = encodeMessage(this.#route.method.response, message, this.#session.maxSendBytes);
    if (!this.headSent) this.#session.sendResponseHead(this, undefined);
    if (this.#compressor !== undefined) return this.#compressor.send(bytes, false);
    return this.#session.sender.send(this, bytes, false);
  }

  /** Ends the call with a status, after what is held back when the status is OK, at once otherwise. */
  finish(error: GrpcError | undefined): void {
    if (this.isDone) return;
    this.isDone = true;
    this.onDone?.();
    if (error === undefined && this.outgoing !== undefined) this.#ending = { error };
    else this.#sendStatus(error);
  }

  #sendStatus(error: GrpcError | undefined): void {
    this.#ending = undefined;
    if (this.outgoing !== undefined) this.dropOutgoing(error ?? new GrpcError("CANCELLED", "the call is over"));
    this.#session.release(this);
    if (this.state !== "closed") this.#session.sendStatus(this, error);
    this.#endRequests(error);
  }

  /** The stream is gone: nothing can be sent. */
  #cut(error: GrpcError): void {
    this.#ending = undefined;
    this.#session.release(this);
    if (!this.isDone) {
      this.isDone = true;
      this.onDone?.();
    }
    this.dropOutgoing(error);
    this.#endRequests(error);
    this.#abortWith(error);
  }

  #endRequests(error: GrpcError | undefined): void {
    this.#request = undefined;
    if (!this.isHandling) this.inflater?.close();
    if (this.#requests?.isOver === false) this.#requests.fail(error ?? new GrpcError("CANCELLED", "the call is over"));
  }

  #abortWith(error: GrpcError): void {
    // A handler that has returned has nothing left to abort.
    if (!this.isHandling) return;
    this.#abortReason = error;
    this.#abort?.abort(error);
  }

  // --- running the handler --------------------------------------------------------------------------------------------

  #handle(input: unknown): void {
    this.isHandling = true;
    let output: unknown;
    try {
      output = this.#route.handler(input, this);
    } catch (error) {
      this.#handled(GrpcError.from(error));
      return;
    }
    if (this.#route.streamsResponses) void this.#answerStream(output as AsyncIterable<unknown>);
    else if (output instanceof Promise) void this.#answerLater(output);
    else this.#answer(output);
  }

  async #answerLater(output: Promise<unknown>): Promise<void> {
    try {
      this.#answer(await output);
    } catch (error) {
      this.#handled(GrpcError.from(error));
    }
  }

  async #answerStream(output: AsyncIterable<unknown>): Promise<void> {
    try {
      await pump(output, this);
      this.#handled(undefined);
    } catch (error) {
      this.#handled(GrpcError.from(error));
    }
  }

  #answer(response: unknown): void {
    if (this.isDone) return this.#handled(undefined);
    try {
      // Held back or not, it goes before the status.
      const sent = this.send(response);
      if (this.#compressor !== undefined && sent !== undefined) {
        void sent.then(
          () => this.#handled(undefined),
          (error: unknown) => this.#handled(GrpcError.from(error)),
        );
        return undefined;
      }
      void sent?.catch(() => {});
    } catch (error) {
      return this.#handled(GrpcError.from(error));
    }
    return this.#handled(undefined);
  }

  #handled(error: GrpcError | undefined): void {
    this.isHandling = false;
    this.inflater?.close();
    this.finish(error);
    this.#session.onHandlerDone(this);
  }
}
