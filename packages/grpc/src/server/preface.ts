import { CLIENT_PREFACE } from "../frames/frame-types.ts";
import { Http2Error } from "../frames/http2-error.ts";

/** Looks for the 24 octets every client starts with (RFC 9113 §3.4), however they are cut. */
export class PrefaceReader {
  #seenBytes = 0;

  get isDone(): boolean {
    return this.#seenBytes === CLIENT_PREFACE.length;
  }

  /** Returns what follows the preface. @throws {Http2Error} PROTOCOL_ERROR when the peer speaks something else. */
  read(bytes: Buffer): Buffer {
    const takenBytes = Math.min(bytes.length, CLIENT_PREFACE.length - this.#seenBytes);
    const expected = CLIENT_PREFACE.subarray(this.#seenBytes, this.#seenBytes + takenBytes);
    if (expected.compare(bytes, 0, takenBytes) !== 0) {
      throw new Http2Error("PROTOCOL_ERROR", "the client does not start with the HTTP/2 preface");
    }
    this.#seenBytes += takenBytes;
    return bytes.subarray(takenBytes);
  }
}
