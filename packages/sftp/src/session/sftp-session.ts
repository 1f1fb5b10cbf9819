import type { Duplex } from "node:stream";
import type { FileSystem } from "../file-system.ts";
import { PacketReader } from "../protocol/packet-reader.ts";
import { PacketSplitter } from "../protocol/packet-splitter.ts";
import type { Packet } from "../protocol/packet-splitter.ts";
import { encodeStatus, encodeVersion } from "../protocol/replies.ts";
import { decodeRequest } from "../protocol/requests.ts";
import { PACKET } from "../protocol/wire-numbers.ts";
import { SftpError } from "../sftp-error.ts";
import { answerRequest } from "./answer-request.ts";
import { BufferPool } from "./buffer-pool.ts";
import { FlowBudget } from "./flow-budget.ts";
import { OpenHandles } from "./open-handles.ts";
import type { HandleBudget, OpenHandle } from "./open-handles.ts";
import { OperationGate } from "./operation-gate.ts";
import { ReplyQueue } from "./reply-queue.ts";
import type { SessionContext } from "./session-context.ts";

/** The part of a logger a session uses. */
export interface SftpLogger {
  log(level: "debug" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Every option of a session, decided. */
export interface SessionSettings {
  readonly maxHandles: number;
  readonly handleBudget: HandleBudget | undefined;
  readonly maxPacketBytes: number;
  readonly maxTransferBytes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly reuseReplyBuffers: boolean;
  readonly logger: SftpLogger;
}

/** Why a session ended. */
export type SftpSessionEnd =
  /** The client ended its side of the stream. */
  | { readonly reason: "client-closed" }
  /** The client sent what no reply can put right; `message` says what. */
  | { readonly reason: "protocol-error"; readonly message: string }
  /** The stream failed or was destroyed. */
  | { readonly reason: "connection-lost"; readonly cause?: unknown }
  /** The `signal` option was aborted. */
  | { readonly reason: "aborted" };

/** How long a client that will send no more is given to take the last replies. */
const LAST_REPLIES_MS = 10_000;

/**
 * One client's session: reads packets while the budget allows, starts their requests in order, and at the end waits for
 * what is running and closes every handle.
 */
export class SftpSession {
  readonly #stream: Duplex;
  readonly #settings: SessionSettings;
  readonly #budget: FlowBudget;
  readonly #splitter: PacketSplitter;
  readonly #replies: ReplyQueue;
  readonly #context: SessionContext;
  readonly #givenUp = new AbortController();
  readonly #departed = new AbortController();
  readonly #done = Promise.withResolvers<SftpSessionEnd>();
  /** "greeting" until INIT. */
  #phase: "greeting" | "serving" | "ending" = "greeting";
  #paused = false;
  #pumping = false;
  #inputEnded = false;
  #idle: (() => void) | undefined;

  constructor(stream: Duplex, fs: FileSystem, settings: SessionSettings) {
    this.#stream = stream;
    this.#settings = settings;
    const { maxInFlight, maxInFlightBytes, maxPacketBytes, maxTransferBytes, maxHandles, reuseReplyBuffers } = settings;
    this.#budget = new FlowBudget({ maxRequests: maxInFlight, maxBytes: maxInFlightBytes }, () => this.#onRelease());
    const pool = new BufferPool(maxInFlightBytes);
    this.#splitter = new PacketSplitter(maxPacketBytes, pool);
    this.#replies = new ReplyQueue(stream, this.#budget);
    this.#context = {
      fs,
      handles: new OpenHandles(maxHandles, settings.handleBudget),
      replies: this.#replies,
      budget: this.#budget,
      pool,
      names: new OperationGate(),
      signal: this.#givenUp.signal,
      departed: this.#departed.signal,
      maxPacketBytes,
      maxTransferBytes,
      maxHandles,
      reuseReplyBuffers,
    };
  }

  /** Serves until the end; never rejects. */
  run(signal: AbortSignal | undefined): Promise<SftpSessionEnd> {
    const stream = this.#stream;
    const onAbort = (): void => this.#finish({ reason: "aborted" });
    stream.on("data", this.#onData);
    stream.on("end", this.#onEnd);
    // Stays for good: an error after the end must not become an uncaught one.
    stream.on("error", (cause: unknown) => this.#finish({ reason: "connection-lost", cause }));
    stream.once("close", () => this.#finish({ reason: "connection-lost" }));
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    if (stream.destroyed) this.#finish({ reason: "connection-lost" });
    return this.#done.promise.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  readonly #onData = (chunk: unknown): void => {
    if (!(chunk instanceof Uint8Array)) {
      this.#finish({ reason: "connection-lost", cause: new SftpError("FAILURE", "Stream gives text, not bytes") });
      return;
    }
    this.#splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#pump();
  };

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    this.#pump();
  };

  #onRelease(): void {
    if (this.#paused || this.#inputEnded) this.#pump();
    if (this.#budget.requests === 0) this.#idle?.();
  }

  /** Takes packets while there is room, and has the stream wait while there is none. */
  #pump(): void {
    if (this.#pumping || this.#phase === "ending") return;
    this.#pumping = true;
    let packet: Packet | undefined;
    try {
      while (this.#budget.hasRoom) {
        packet = this.#splitter.next();
        if (packet === undefined) break;
        this.#receive(packet);
      }
    } catch (error: unknown) {
      // Only framing and greeting throw here: nothing further can be made of this stream.
      this.#finish({ reason: "protocol-error", message: error instanceof Error ? error.message : String(error) });
      return;
    } finally {
      this.#pumping = false;
    }
    this.#steerStream(packet === undefined && this.#budget.hasRoom);
  }

  #steerStream(wantsInput: boolean): void {
    if (wantsInput && this.#inputEnded) {
      if (this.#splitter.endsWithinPacket) this.#log("debug", "sftp client left in the middle of a packet");
      this.#finish({ reason: "client-closed" });
    } else if (wantsInput && this.#paused) {
      this.#paused = false;
      this.#stream.resume();
    } else if (!wantsInput && !this.#paused) {
      this.#paused = true;
      this.#stream.pause();
    }
  }

  #receive(packet: Packet): void {
    const reader = new PacketReader(packet.buffer, packet.start, packet.end);
    const type = reader.uint8();
    if (this.#phase === "greeting") {
      this.#greet(type, reader);
      return;
    }
    if (type === PACKET.INIT) throw new SftpError("BAD_MESSAGE", "Second INIT in one session");
    const id = reader.uint32();
    this.#budget.holdRequest();
    void this.#answer(type, id, reader, packet);
  }

  /** INIT (draft §4). Whatever version the client names, we speak 3, as OpenSSH does. */
  #greet(type: number, reader: PacketReader): void {
    if (type !== PACKET.INIT) throw new SftpError("BAD_MESSAGE", `Packet of type ${type} before INIT`);
    reader.uint32();
    this.#phase = "serving";
    const { fs } = this.#context;
    this.#replies.send((writer) =>
      encodeVersion(writer, (kind) => {
        if (kind === "lsetstat") return fs.setStatNoFollow !== undefined;
        if (kind === "users-groups-by-id") return fs.userGroupNames !== undefined;
        return true;
      }),
    );
  }

  /** Carries out one request to its reply; never rejects. */
  async #answer(type: number, id: number, reader: PacketReader, packet: Packet): Promise<void> {
    const { pool } = this.#context;
    let heldBytes = 0;
    try {
      const request = decodeRequest(type, reader);
      if (request.kind === "write") {
        heldBytes = packet.end - packet.start;
        this.#budget.holdBytes(heldBytes);
      }
      await answerRequest(this.#context, id, request);
    } catch (error: unknown) {
      this.#answerError(type, id, error);
    } finally {
      if (packet.lent !== undefined) pool.give(packet.lent);
      if (heldBytes > 0) this.#budget.releaseBytes(heldBytes);
      this.#budget.releaseRequest();
    }
  }

  #answerError(type: number, id: number, error: unknown): void {
    if (SftpError.is(error)) {
      if (error.cause !== undefined) {
        this.#log("debug", "sftp request refused", { type, code: error.code, error });
      }
      this.#replies.send((writer) => encodeStatus(writer, id, error.code, error.message));
      return;
    }
    this.#log("error", "sftp request failed unexpectedly", { type, error });
    this.#replies.send((writer) => encodeStatus(writer, id, "FAILURE", "Failure"));
  }

  #finish(end: SftpSessionEnd): void {
    if (this.#phase === "ending") return;
    this.#phase = "ending";
    this.#splitter.clear();
    this.#stream.off("data", this.#onData);
    // What else the client sends is read and dropped, so that its side can come to its end.
    this.#stream.resume();
    if (end.reason === "protocol-error") {
      this.#log("warn", "sftp client broke the protocol", { problem: end.message });
    }
    if (end.reason === "connection-lost" || end.reason === "aborted") this.#givenUp.abort();
    this.#departed.abort();
    void this.#tearDown(end);
  }

  async #tearDown(end: SftpSessionEnd): Promise<void> {
    if (this.#budget.requests > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await Promise.all(this.#context.handles.removeAll().map((handle) => this.#closeAborted(handle)));
    this.#context.pool.clear();
    this.#replies.flush();
    const isTaken = end.reason !== "aborted" && (await this.#endStream());
    if (!isTaken || end.reason !== "client-closed") this.#stream.destroy();
    this.#done.resolve(end);
  }

  async #closeAborted(handle: OpenHandle): Promise<void> {
    try {
      await (handle.kind === "file" ? handle.file.close({ aborted: true }) : handle.directory.close());
    } catch (error: unknown) {
      this.#log("warn", "sftp handle did not close cleanly", { kind: handle.kind, error });
    } finally {
      this.#context.handles.closed();
    }
  }

  /** Ends our side; resolves to whether the stream has taken the last replies. */
  async #endStream(): Promise<boolean> {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableFinished) return stream.writableFinished;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LAST_REPLIES_MS);
    for (const event of ["finish", "close", "error"]) stream.once(event, resolve);
    stream.end();
    await promise;
    clearTimeout(timer);
    for (const event of ["finish", "close", "error"]) stream.off(event, resolve);
    return stream.writableFinished;
  }

  #log(level: "debug" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#settings.logger.log(level, message, fields);
  }
}
