import type { Deadline } from "../calls/deadline-queue.ts";
import { MessageCompressor } from "../calls/message-compressor.ts";
import { decodeStatusMessage } from "../calls/status-message.ts";
import { fromWireMetadata } from "../calls/wire-metadata.ts";
import type { HeaderList } from "../connection/header-list.ts";
import type { Sender } from "../connection/sender.ts";
import { StreamRecord } from "../connection/stream-record.ts";
import type { Http2ErrorCode } from "../frames/http2-error.ts";
import { GrpcError } from "../grpc-error.ts";
import type { Metadata } from "../metadata.ts";
import { fromWireStatus, statusFromHttp } from "../status.ts";
import type { Abortable } from "./abort-watch.ts";
import type { CallOptions } from "./client-connection.ts";
import { errorFromReset } from "./reset-status.ts";

export const NO_OPTIONS: CallOptions = {};

const MAX_INTERIM_RESPONSES = 16;

/** What a call asks of the connection it is on. */
export interface CallSession {
  readonly sender: Sender;
  /** The call is over: nothing is kept for it, its stream is reset with `code` if it still lives. */
  release(call: ClientCall, code: Http2ErrorCode): void;
  resetStream(stream: StreamRecord, code: Http2ErrorCode): void;
  holdUnread(stream: StreamRecord, sizeBytes: number): void;
  releaseUnread(stream: StreamRecord, sizeBytes: number): void;
  openInflater(stream: StreamRecord, isStream: boolean): void;
  readonly explainError: ((error: GrpcError) => GrpcError) | undefined;
}

/** One call on a client: the record of its stream, and how its response becomes a result. */
export abstract class ClientCall extends StreamRecord implements Deadline, Abortable {
  readonly path: string;
  readonly options: CallOptions;
  deadlineAtMs = 0;
  deadlineIndex = -1;
  isDone = false;
  /** It could not start at once. */
  hasWaited = false;
  /** Set by who sends requests; called when the call ends. */
  onDone: (() => void) | undefined = undefined;
  protected readonly session: CallSession;
  /** The error it ended with; undefined while it lives and after OK. */
  #failure: GrpcError | undefined;
  #headersSeen = false;
  #interimResponses = 0;
  #compressor: MessageCompressor | undefined = undefined;

  constructor(session: CallSession, path: string, options: CallOptions) {
    super();
    this.session = session;
    this.path = path;
    this.options = options;
  }

  override get acceptsMessages(): boolean {
    return !this.isDone;
  }

  protected abstract readonly streamsResponses: boolean;
  /** Called once: `error` is undefined after OK. */
  protected abstract settle(error: GrpcError | undefined): void;

  /** Sends one request message; undefined when it left at once. */
  sendBytes(bytes: Uint8Array, isLast: boolean): Promise<void> | undefined {
    if (this.isDone) return Promise.reject(this.#failure ?? overError());
    if (this.options.compress !== undefined) return this.#sendCompressed(bytes, isLast);
    return this.session.sender.send(this, bytes, isLast);
  }

  #sendCompressed(bytes: Uint8Array, isLast: boolean): Promise<void> {
    this.#compressor ??= new MessageCompressor((packed, last, isPacked) =>
      this.isDone
        ? Promise.reject(this.#failure ?? overError())
        : this.session.sender.send(this, packed, last, isPacked ? 1 : 0),
    );
    return this.#compressor.send(bytes, isLast);
  }

  endRequests(): void {
    if (this.#compressor === undefined) this.#endRequests();
    else void this.#compressor.drained.then(() => this.#endRequests());
  }

  #endRequests(): void {
    if (!this.isDone && !this.endsWithOutgoing && (this.state === "idle" || this.isLocalOpen)) {
      this.session.sender.end(this);
    }
  }

  finish(error: GrpcError | undefined): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#failure = error;
    this.session.release(this, error === undefined ? "NO_ERROR" : "CANCEL");
    if (this.outgoing !== undefined) this.dropOutgoing(error ?? overError());
    this.onDone?.();
    this.settle(error);
  }

  onHeaders(list: HeaderList, isEnd: boolean): void {
    if (this.isDone) return;
    if (list.isTooLarge) {
      this.finish(new GrpcError("RESOURCE_EXHAUSTED", "grpc: the server's header list is larger than the limit"));
    } else if (this.#headersSeen) this.#trailers(list, isEnd);
    else this.#responseHead(list, isEnd);
  }

  /** DATA with END_STREAM: gRPC servers end with trailers. */
  onEnd(): void {
    this.finish(new GrpcError("INTERNAL", "grpc: the server closed the stream without sending trailers"));
  }

  onBadMessage(error: GrpcError): void {
    this.finish(error);
  }

  onProtocolError(code: Http2ErrorCode, message: string): void {
    this.finish(new GrpcError("INTERNAL", `the server broke HTTP/2 (${code}): ${message}`));
  }

  onReset(code: Http2ErrorCode): void {
    // The server has said how the call ended, and need not have read what we sent.
    if (this.inflater?.holdsEnd === true) return;
    // A server that enforces the deadline may be quicker than our timer (grpc-go resets with CANCEL then).
    const isLate = this.options.deadlineMs !== undefined && performance.now() >= this.deadlineAtMs;
    if (code === "CANCEL" && isLate) this.onDeadline();
    else this.#lose(errorFromReset(code));
  }

  onConnectionLost(error: GrpcError): void {
    if (this.inflater?.holdsEnd === true) return;
    this.#lose(error);
  }

  /** A server that has begun to answer has acted on the call, whatever it says now. */
  #lose(error: GrpcError): void {
    const isDenied = this.#headersSeen && error.unprocessed !== undefined;
    this.finish(isDenied ? new GrpcError(error.code, error.message, { cause: error }) : error);
  }

  onOutgoingSent(): void {}

  onDeadline(): void {
    this.finish(new GrpcError("DEADLINE_EXCEEDED", `the deadline of ${this.options.deadlineMs} ms passed`));
  }

  onAbort(reason: unknown): void {
    this.finish(errorFromAbort(reason, "the call was cancelled"));
  }

  #responseHead(list: HeaderList, isEnd: boolean): void {
    const problem = list.responseProblem;
    if (problem !== undefined) return this.#malformed(problem);
    if (list.status!.startsWith("1")) {
      // Interim responses say nothing to gRPC, but may not end a stream (RFC 9113 §8.1).
      if (isEnd) this.#malformed("an interim response ends the stream");
      else if (++this.#interimResponses > MAX_INTERIM_RESPONSES) this.#malformed("interim responses without end");
      return undefined;
    }
    this.#headersSeen = true;
    this.expectedBodyBytes = list.contentLength ?? -1;
    if (isEnd) return this.#finishWith(list);
    if (list.status !== "200" || list.contentType?.startsWith("application/grpc") !== true) {
      return this.finish(errorFromHttp(list));
    }
    if (list.encoding === "gzip") this.session.openInflater(this, this.streamsResponses);
    else if (list.encoding !== undefined && list.encoding !== "identity") {
      const encoding = JSON.stringify(list.encoding);
      return this.finish(
        new GrpcError("INTERNAL", `grpc: the server compresses with ${encoding}, which nobody asked for`),
      );
    }
    if (this.options.onHeaders !== undefined) this.#tell(this.options.onHeaders, fromWireMetadata(list));
    return undefined;
  }

  #trailers(list: HeaderList, isEnd: boolean): void {
    const problem = isEnd ? list.trailersProblem : "a second header block does not end the stream";
    if (problem !== undefined) return this.#malformed(problem);
    return this.#finishWith(list);
  }

  #finishWith(list: HeaderList): void {
    if (list.grpcStatus === undefined && list.status !== undefined && list.status !== "200") {
      return this.finish(errorFromHttp(list));
    }
    const code = list.grpcStatus === undefined ? "UNKNOWN" : fromWireStatus(list.grpcStatus);
    if (code === "OK" && this.reader?.isInsideMessage === true) {
      return this.finish(new GrpcError("INTERNAL", "grpc: the response ended inside a message"));
    }
    if (code === "OK" && this.options.onTrailers === undefined) return this.finish(undefined);
    const trailers = fromWireMetadata(list);
    if (this.options.onTrailers !== undefined) this.#tell(this.options.onTrailers, trailers);
    if (code === "OK") return this.finish(undefined);
    const message =
      list.grpcStatus === undefined ? "grpc: the response has no status" : decodeStatusMessage(list.grpcMessage ?? "");
    const error = new GrpcError(code, message, { trailers });
    return this.finish(this.#explained(error));
  }

  #explained(error: GrpcError): GrpcError {
    try {
      return this.session.explainError?.(error) ?? error;
    } catch (failure) {
      process.emitWarning(failure instanceof Error ? failure : String(failure));
      return error;
    }
  }

  #tell(listener: (metadata: Metadata) => void, metadata: Metadata): void {
    try {
      listener(metadata);
    } catch (error) {
      this.finish(new GrpcError("CANCELLED", "a metadata listener of the call threw", { cause: error }));
    }
  }

  #malformed(problem: string): void {
    this.session.resetStream(this, "PROTOCOL_ERROR");
    this.finish(new GrpcError("INTERNAL", `the server sent a malformed response: ${problem}`));
  }
}

/** A signal may speak for a deadline. */
export function errorFromAbort(reason: unknown, message: string): GrpcError {
  if (GrpcError.is(reason, "DEADLINE_EXCEEDED")) return reason;
  return new GrpcError("CANCELLED", message, { cause: reason });
}

function overError(): GrpcError {
  return new GrpcError("CANCELLED", "the call is over");
}

function errorFromHttp(list: HeaderList): GrpcError {
  const httpStatus = list.status ?? "none";
  const what = `HTTP status ${httpStatus}, content-type ${JSON.stringify(list.contentType ?? "")}`;
  return new GrpcError(statusFromHttp(httpStatus), `grpc: the peer does not answer as a gRPC server: ${what}`);
}
