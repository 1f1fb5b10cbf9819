import { Http2Error } from "../frames/http2-error.ts";

/** Skipped ranges that are remembered; clients hardly ever skip an id. */
const MAX_GAPS = 16;

/** The stream ids a client has used: odd, and ever growing (RFC 9113 §5.1.1). */
export class ClientStreamIds {
  #last = 0;
  readonly #gaps: { readonly from: number; readonly to: number }[] = [];

  /** The highest id used; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.#last;
  }

  /** @throws {Http2Error} PROTOCOL_ERROR for an id that may not be used, STREAM_CLOSED for one that was. */
  use(streamId: number): void {
    if (streamId % 2 === 0) throw new Http2Error("PROTOCOL_ERROR", `a client may not open stream ${streamId}`);
    if (streamId <= this.#last) {
      const wasSkipped = this.#gaps.some((gap) => gap.from <= streamId && streamId <= gap.to);
      // A stream that was passed over is closed (§5.1.1), but it was never used.
      if (wasSkipped) throw new Http2Error("PROTOCOL_ERROR", `stream ${streamId} opens after stream ${this.#last}`);
      throw new Http2Error("STREAM_CLOSED", `HEADERS on stream ${streamId}, which has ended`);
    }
    if (streamId > this.#last + 2) {
      if (this.#gaps.length === MAX_GAPS) this.#gaps.shift();
      this.#gaps.push({ from: this.#last + 1, to: streamId - 1 });
    }
    this.#last = streamId;
  }
}
