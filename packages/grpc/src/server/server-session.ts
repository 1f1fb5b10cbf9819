import type { DeadlineQueue } from "../calls/deadline-queue.ts";
import { systemClock } from "../calls/clock.ts";
import type { HeaderList } from "../connection/header-list.ts";
import type { KeepAlive } from "../connection/keep-alive.ts";
import { Session } from "../connection/session.ts";
import { ownServerSettings } from "../connection/settings.ts";
import type { StreamRecord } from "../connection/stream-record.ts";
import type { SessionOptions } from "../connection/stream-table.ts";
import type { Payload } from "../frames/payload.ts";
import { MAX_STREAM_ID } from "../frames/frame-types.ts";
import { writeGoaway, writePing, writeSettings } from "../frames/frame-writer.ts";
import { Http2Error } from "../frames/http2-error.ts";
import type { GrpcError } from "../grpc-error.ts";
import type { Metadata } from "../metadata.ts";
import { PrefaceReader } from "./preface.ts";
import { RejectedRequest } from "./rejected-request.ts";
import { planRequest, type HttpRejection, type RequestPlan } from "./request-plan.ts";
import { ResponseHeaders } from "./response-headers.ts";
import type { Routes } from "./routes.ts";
import { ServerCallRecord, type ServerCallSession } from "./server-call.ts";
import { ClientStreamIds } from "./stream-ids.ts";

export interface ServerSessionOptions extends SessionOptions {
  readonly routes: Routes;
  readonly deadlines: DeadlineQueue;
  readonly maxConcurrentStreams: number;
  readonly prefaceTimeoutMs: number;
  readonly keepAlive: KeepAlive | undefined;
}

const NOT_GRPC = Buffer.from("This is a gRPC server: POST with content-type application/grpc.\n", "latin1");
const GRACEFUL_PING = Buffer.from("fairlead", "latin1");

/** The server's end: takes streams, finds their handlers, writes their responses. */
export class ServerSession extends Session implements ServerCallSession {
  protected readonly peer = "client";
  readonly #options: ServerSessionOptions;
  readonly #preface = new PrefaceReader();
  readonly #prefaceTimer: NodeJS.Timeout;
  readonly #ids = new ClientStreamIds();
  readonly #responses = new ResponseHeaders(this.headerWriter);
  /** Handlers that run on although their stream is gone: they count as open (CVE-2023-44487). */
  #outlived = 0;
  /** `announced`: the client knows, but its streams under way are still taken; `final`: none are. */
  #goaway: "none" | "announced" | "final" = "none";
  #clientLeaves = false;

  constructor(options: ServerSessionOptions) {
    super(options);
    this.#options = options;
    writeSettings(this.link.outbox, ownServerSettings(options.maxConcurrentStreams));
    this.receiveWindow.open();
    this.#prefaceTimer = setTimeout(() => {
      this.destroy(new Http2Error("SETTINGS_TIMEOUT", "the client did not start to speak HTTP/2 in time"));
    }, options.prefaceTimeoutMs);
    // Clients make no rules.
    const { keepAlive } = options;
    if (keepAlive !== undefined)
      this.startKeepAlive({ ...keepAlive, withoutCalls: true, minIntervalMs: 0 }, systemClock);
  }

  // --- requests -------------------------------------------------------------------------------------------------------

  protected override readBytes(bytes: Buffer): void {
    super.readBytes(this.#preface.isDone ? bytes : this.#preface.read(bytes));
  }

  protected onNewHeaders(streamId: number, list: HeaderList, isEnd: boolean): void {
    this.#ids.use(streamId);
    const plan = (list.memo ??= planRequest(list, this.#options.routes)) as RequestPlan;
    if (plan.action === "reset" || (isEnd && (list.contentLength ?? 0) > 0)) {
      this.refuseStream(streamId, "PROTOCOL_ERROR");
    } else if (this.#goaway === "final" || this.streams.size + this.#outlived >= this.#options.maxConcurrentStreams) {
      this.refuseStream(streamId, "REFUSED_STREAM");
    } else if (plan.action === "call") this.#startCall(streamId, list, isEnd, plan);
    else if (plan.action === "answer-status") this.#rejectCall(streamId, list, isEnd, plan.error);
    else this.#rejectHttp(streamId, list, isEnd, plan.httpStatus);
  }

  #startCall(streamId: number, list: HeaderList, isEnd: boolean, plan: RequestPlan & { action: "call" }): void {
    const call = new ServerCallRecord(this, list, plan.route);
    if (plan.timeoutMs !== undefined) {
      call.setTimeoutMs(plan.timeoutMs);
      this.#options.deadlines.add(call);
    }
    this.#openStream(call, streamId, list, isEnd);
    if (plan.isCompressed) this.openInflater(call, plan.route.streamsRequests);
    call.begin();
    if (isEnd) call.onEnd();
  }

  #openStream(stream: StreamRecord, streamId: number, list: HeaderList, isEnd: boolean): void {
    stream.id = streamId;
    stream.state = isEnd ? "half-closed-remote" : "open";
    stream.sendWindowBytes = this.settings.initialWindowBytes;
    stream.expectedBodyBytes = list.contentLength ?? -1;
    this.streams.set(streamId, stream);
  }

  /** An answer for gRPC clients: trailers only, and no more of the request, please. */
  #rejectCall(streamId: number, list: HeaderList, isEnd: boolean, error: GrpcError): void {
    const stream = new RejectedRequest(() => {});
    this.#openStream(stream, streamId, list, isEnd);
    const { block, more } = this.#responses.trailersOnly(error, undefined, this.settings.maxHeaderListBytes);
    this.sendHeaders(stream, block, more, true);
    this.resetStream(stream, "NO_ERROR");
  }

  /** An answer for other HTTP clients, who like to be heard out. */
  #rejectHttp(streamId: number, list: HeaderList, isEnd: boolean, status: HttpRejection): void {
    const stream = new RejectedRequest((trailers) => {
      const isMalformed = stream.isRemoteOpen || trailers?.trailersProblem !== undefined;
      if (isMalformed) return this.resetStream(stream, "PROTOCOL_ERROR");
      this.sendHeaders(stream, this.#responses.httpHead(status), undefined, false);
      return this.sender.sendBody(stream, NOT_GRPC);
    });
    this.#openStream(stream, streamId, list, isEnd);
    if (isEnd) stream.onEnd();
  }

  // --- responses ------------------------------------------------------------------------------------------------------

  sendResponseHead(call: ServerCallRecord, metadata: Metadata | undefined): void {
    const { block, more } = this.#responses.head(metadata, call.isPacked, this.settings.maxHeaderListBytes);
    call.headSent = true;
    this.sendHeaders(call, block, more, false);
  }

  sendStatus(call: ServerCallRecord, error: GrpcError | undefined): void {
    const { maxHeaderListBytes } = this.settings;
    const { block, more } = call.headSent
      ? this.#responses.trailers(error, call.filledTrailers, maxHeaderListBytes)
      : this.#responses.trailersOnly(error, call.filledTrailers, maxHeaderListBytes);
    this.sendHeaders(call, block, more, true);
    // The client may stop sending (RFC 9113 §8.1); does nothing when it has.
    this.resetStream(call, "NO_ERROR");
  }

  release(call: ServerCallRecord): void {
    if (call.deadlineIndex >= 0) this.#options.deadlines.remove(call);
  }

  rescheduleDeadline(call: ServerCallRecord): void {
    this.release(call);
    this.#options.deadlines.add(call);
  }

  onHandlerDone(call: ServerCallRecord): void {
    if (!call.outlivedStream) return;
    call.outlivedStream = false;
    this.#outlived--;
  }

  // --- what the session asks ------------------------------------------------------------------------------------------

  protected get lastPeerStreamId(): number {
    return this.#ids.last;
  }

  protected isIdle(streamId: number): boolean {
    return this.#ids.isIdle(streamId);
  }

  protected onStreamClosed(stream: StreamRecord): void {
    if (stream instanceof ServerCallRecord && stream.isHandling) {
      stream.outlivedStream = true;
      this.#outlived++;
    }
    this.#finishWhenDone();
  }

  protected onSettingsApplied(): void {
    clearTimeout(this.#prefaceTimer);
  }

  protected onEnded(): void {
    clearTimeout(this.#prefaceTimer);
  }

  onOutboxDrained(): void {
    this.sender.pump();
  }

  protected onPeerGoaway(): void {
    this.#clientLeaves = true;
    this.#finishWhenDone();
  }

  // --- the end --------------------------------------------------------------------------------------------------------

  /**
   * First a GOAWAY that refuses nothing, with a PING; once that is answered the client has seen it, and the second one
   * names the last stream that was taken (RFC 9113 §6.8).
   */
  async close(graceMs: number): Promise<void> {
    if (this.acceptsFrames && this.#goaway === "none") {
      this.#goaway = "announced";
      this.startDraining(MAX_STREAM_ID);
      writePing(this.link.outbox, 0, GRACEFUL_PING, 0);
      const grace = setTimeout(() => this.destroy(), graceMs);
      await this.closed;
      clearTimeout(grace);
    }
    await this.closed;
  }

  protected onPingAck({ bytes, start, end }: Payload): void {
    if (this.#goaway !== "announced" || bytes.compare(GRACEFUL_PING, 0, 8, start, end) !== 0) return;
    this.#goaway = "final";
    writeGoaway(this.link.outbox, this.#ids.last, "NO_ERROR", "");
    this.#finishWhenDone();
  }

  #finishWhenDone(): void {
    if (this.streams.size === 0 && (this.#goaway === "final" || this.#clientLeaves)) this.finish(undefined);
  }
}
