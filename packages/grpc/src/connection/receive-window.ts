import { DEFAULT_WINDOW_BYTES } from "../frames/frame-types.ts";
import { writeWindowUpdate, type FrameBuffer } from "../frames/frame-writer.ts";
import { Http2Error } from "../frames/http2-error.ts";
import { CONNECTION_WINDOW_BYTES } from "./settings.ts";

/** Whole messages nobody has taken, all streams of the connection together, above which the peer must wait. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

/**
 * The window all streams share, on the receiving side.
 *
 * It is credited on receipt, so that a stream nobody reads stops only itself: its own window bounds what it holds. Many
 * such streams together are bounded here: past MAX_UNREAD_BYTES nothing is credited until messages are taken.
 */
export class ReceiveWindow {
  readonly #out: FrameBuffer;
  #windowBytes = DEFAULT_WINDOW_BYTES;
  #uncreditedBytes = 0;
  #unreadBytes = 0;

  constructor(out: FrameBuffer) {
    this.#out = out;
  }

  /** Raises the window from HTTP/2's 65,535 octets to ours; part of the connection preface. */
  open(): void {
    this.#uncreditedBytes = CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES;
    this.credit();
  }

  /** @throws {Http2Error} FLOW_CONTROL_ERROR when the peer sent more than it may. */
  take(sizeBytes: number): void {
    this.#windowBytes -= sizeBytes;
    this.#uncreditedBytes += sizeBytes;
    if (this.#windowBytes < 0) throw new Http2Error("FLOW_CONTROL_ERROR", "DATA beyond the connection's window");
  }

  /** Gives back what was received, in steps of half a window. */
  credit(): void {
    if (this.#uncreditedBytes < CONNECTION_WINDOW_BYTES / 2 || this.#unreadBytes > MAX_UNREAD_BYTES) return;
    writeWindowUpdate(this.#out, 0, this.#uncreditedBytes);
    this.#windowBytes += this.#uncreditedBytes;
    this.#uncreditedBytes = 0;
  }

  holdUnread(sizeBytes: number): void {
    this.#unreadBytes += sizeBytes;
  }

  releaseUnread(sizeBytes: number): void {
    this.#unreadBytes -= sizeBytes;
    this.credit();
  }
}
