import { Duplex } from "node:stream";
import {
  FLAG_ACK,
  FLAG_FIN,
  FLAG_RST,
  FLAG_SYN,
  INITIAL_WINDOW_BYTES,
  MAX_UINT32,
  TYPE_DATA,
  TYPE_WINDOW_UPDATE,
} from "./frame.ts";
import type { Outbox } from "./outbox.ts";
import { UnreadBytes } from "./unread-bytes.ts";
import { YamuxError } from "./yamux-error.ts";

/** Streams that send take turns, this much each. */
const MAX_PAYLOAD_BYTES = 64 * 1024;
/** What Node buffers of a stream that is read slowly, beside its window. */
const READ_AHEAD_BYTES = 16 * 1024;

/** What a stream needs of its session. */
export interface StreamOwner {
  readonly outbox: Outbox;
  /** The stream has something to send and a window for it. */
  onReady(stream: YamuxStream): void;
  /** A DATA frame was sent. */
  onDataSent(): void;
  onEstablished(stream: YamuxStream): void;
  /** Both directions have ended, or it was reset. */
  onDone(stream: YamuxStream): void;
  /** Our direction has ended; the peer's has not. */
  onHalfClosed(stream: YamuxStream): void;
}

/** One of the many streams of a session. Ending it half-closes it, destroying it before both ends are through resets it. */
export class YamuxStream extends Duplex {
  readonly id: number;
  readonly #owner: StreamOwner;
  /** Of the handshake: `opened` and `accepted` tell the peer with their first frame. */
  #state: "opened" | "syn-sent" | "accepted" | "established" = "established";
  /** `lost`: the session ended first. */
  #local: "open" | "ended" | "lost" = "open";
  #remote: "open" | "ended" | "reset" = "open";
  #sendWindowBytes = INITIAL_WINDOW_BYTES;
  #receiveWindowBytes = INITIAL_WINDOW_BYTES;
  readonly #unread = new UnreadBytes();
  #wantsBytes = false;
  #unsent: Buffer[] = [];
  #onSent: ((error?: Error | null) => void) | undefined;
  /** The transport may still read bytes of the write that goes on. */
  #holdsBytes = false;

  constructor(id: number, side: "opened" | "accepted", owner: StreamOwner) {
    super({ readableHighWaterMark: READ_AHEAD_BYTES, allowHalfOpen: true });
    this.id = id;
    this.#state = side;
    this.#owner = owner;
    // An end of the session reaches streams that nobody has got hold of yet; whoever uses one is told by its close too.
    this.on("error", () => {});
  }

  get isEstablished(): boolean {
    return this.#state === "established";
  }

  /** Whether the session has more to do with it. */
  get isDone(): boolean {
    return this.#remote === "reset" || (this.#local !== "open" && this.#remote === "ended");
  }

  // --- from the session ---------------------------------------------------------------------------------------------

  /** Tells the peer that the stream was opened or accepted, unless a frame did so already. */
  announce(): void {
    if (this.#state === "opened" || this.#state === "accepted") this.#sendFrame(TYPE_WINDOW_UPDATE, 0, 0);
  }

  onAck(): void {
    if (this.#state !== "syn-sent") return;
    this.#state = "established";
    this.#owner.onEstablished(this);
  }

  onWindowUpdate(growthBytes: number): void {
    this.#sendWindowBytes = Math.min(MAX_UINT32, this.#sendWindowBytes + growthBytes);
    if (this.#unsent.length > 0) this.#owner.onReady(this);
  }

  /** @throws {YamuxError} `protocol` when the peer sends more than it may. */
  onData(sizeBytes: number): void {
    if (sizeBytes > this.#receiveWindowBytes) {
      throw new YamuxError("protocol", `stream ${this.id} received ${sizeBytes} bytes beyond its window`);
    }
    this.#receiveWindowBytes -= sizeBytes;
  }

  /** Part of what `onData` said would come. */
  onPayload(piece: Buffer): void {
    // Go can let data overtake the FIN of a stream that is closed while it writes: nobody waits for it any more.
    if (this.#remote !== "open" || this.destroyed) return;
    const goesStraightOn = this.readableFlowing === true && this.readableLength === 0 && this.#unread.sizeBytes === 0;
    if (this.#wantsBytes && goesStraightOn) {
      this.#wantsBytes = this.push(piece);
      this.#giveWindow();
      return;
    }
    this.#unread.add(piece);
    if (this.#wantsBytes) this.#passOn();
  }

  /** @throws {YamuxError} `protocol` on a second FIN. */
  onFin(): void {
    if (this.#remote !== "open") throw new YamuxError("protocol", `stream ${this.id} was ended twice`);
    this.#remote = "ended";
    if (this.#unread.sizeBytes === 0) this.push(null);
    if (this.isDone) this.#owner.onDone(this);
  }

  onReset(): void {
    this.#remote = "reset";
    this.destroy(new YamuxError("remote", `stream ${this.id} was reset by the peer`));
  }

  /** The session is over. What came in whole can still be read; everything else is lost. */
  onSessionEnd(error: Error): void {
    this.#local = "lost";
    const isReadable = this.#remote === "ended" && !this.readableEnded && this.#onSent === undefined;
    if (!isReadable) this.destroy(error);
  }

  /** Sends one frame of what waits; true when there is more that may be sent. */
  sendSome(): boolean {
    const sizeBytes = Math.min(MAX_PAYLOAD_BYTES, this.#sendWindowBytes, lengthOf(this.#unsent));
    if (sizeBytes === 0 || this.destroyed) return false;
    this.#sendWindowBytes -= sizeBytes;
    this.#sendFrame(TYPE_DATA, 0, sizeBytes);
    this.#owner.onDataSent();
    this.#holdsBytes = !this.#takeUnsent(sizeBytes) || this.#holdsBytes;
    if (this.#unsent.length > 0) return this.#sendWindowBytes > 0;
    this.#finishWrite();
    return false;
  }

  // --- from whoever uses it -----------------------------------------------------------------------------------------

  override _read(): void {
    this.#wantsBytes = true;
    if (this.#unread.sizeBytes > 0) this.#passOn();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send([chunk], callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#local === "open") {
      this.#sendFrame(TYPE_WINDOW_UPDATE, FLAG_FIN, 0);
      this.#local = "ended";
      if (this.isDone) this.#owner.onDone(this);
      else this.#owner.onHalfClosed(this);
    }
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.isDone && this.#local !== "lost") {
      this.#owner.outbox.addHeader(TYPE_WINDOW_UPDATE, FLAG_RST, this.id, 0);
      this.#remote = "reset";
    }
    this.#unsent = [];
    this.#unread.clear();
    this.#owner.onDone(this);
    const onSent = this.#onSent;
    this.#onSent = undefined;
    onSent?.(error ?? new YamuxError("closed", `stream ${this.id} was destroyed`));
    callback(error);
  }

  // --- inside -------------------------------------------------------------------------------------------------------

  #send(chunks: Buffer[], callback: (error?: Error | null) => void): void {
    if (this.#local === "lost") {
      callback(new YamuxError("closed", `stream ${this.id} is gone`));
      return;
    }
    this.#unsent = chunks.filter((chunk) => chunk.length > 0);
    if (this.#unsent.length === 0) {
      callback();
      return;
    }
    this.#onSent = callback;
    if (this.#sendWindowBytes > 0) this.#owner.onReady(this);
  }

  /** True when all of the bytes were copied. */
  #takeUnsent(sizeBytes: number): boolean {
    const { outbox } = this.#owner;
    let left = sizeBytes;
    let whole = 0;
    let isCopied = true;
    for (const chunk of this.#unsent) {
      if (chunk.length > left) break;
      isCopied = outbox.addPayload(chunk) && isCopied;
      left -= chunk.length;
      whole++;
    }
    this.#unsent = this.#unsent.slice(whole);
    const [partial] = this.#unsent;
    if (left === 0 || partial === undefined) return isCopied;
    this.#unsent[0] = partial.subarray(left);
    return outbox.addPayload(partial.subarray(0, left)) && isCopied;
  }

  /** Lets the writer go on: at once, unless the transport is behind or has bytes of the writer's. */
  #finishWrite(): void {
    const onSent = this.#onSent;
    if (onSent === undefined) return;
    const finish = (): void => {
      if (this.#onSent !== onSent) return;
      this.#onSent = undefined;
      onSent();
    };
    const { outbox } = this.#owner;
    if (this.#holdsBytes || outbox.isFull) outbox.whenTaken(finish);
    else finish();
    this.#holdsBytes = false;
  }

  #sendFrame(type: number, flags: number, length: number): void {
    this.#owner.outbox.addHeader(type, flags | this.#takeOpeningFlag(), this.id, length);
  }

  #takeOpeningFlag(): number {
    if (this.#state === "opened") {
      this.#state = "syn-sent";
      return FLAG_SYN;
    }
    if (this.#state === "accepted") {
      this.#state = "established";
      return FLAG_ACK;
    }
    return 0;
  }

  #passOn(): void {
    while (this.#wantsBytes) {
      const piece = this.#unread.take(READ_AHEAD_BYTES * 4);
      if (piece === undefined) break;
      this.#wantsBytes = this.push(piece);
    }
    this.#giveWindow();
    if (this.#unread.sizeBytes === 0 && this.#remote === "ended") this.push(null);
  }

  // As Go does (stream.go: sendWindowUpdate): not before half of the window can be given back.
  #giveWindow(): void {
    const growthBytes = INITIAL_WINDOW_BYTES - this.#unread.sizeBytes - this.#receiveWindowBytes;
    if (growthBytes < INITIAL_WINDOW_BYTES / 2 || this.#remote !== "open" || this.destroyed) return;
    this.#receiveWindowBytes += growthBytes;
    this.#sendFrame(TYPE_WINDOW_UPDATE, 0, growthBytes);
  }
}

function lengthOf(chunks: readonly Buffer[]): number {
  let sizeBytes = 0;
  for (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes >= MAX_PAYLOAD_BYTES) break;
  }
  return sizeBytes;
}
