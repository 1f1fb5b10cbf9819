import { Http2Error } from "./http2-error.ts";
import type { Payload } from "./payload.ts";

/** Far more than a block within the limit needs; empty CONTINUATION frames would otherwise never end (CVE-2024-27316). */
const MAX_CONTINUATIONS = 64;

export interface HeaderBlockTraits {
  readonly isEnd: boolean;
  readonly dependsOnItself: boolean;
}

/** Joins a HEADERS frame without END_HEADERS and its CONTINUATION frames (RFC 9113 §6.10). */
export class HeaderBlockAssembler {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #streamId = 0;
  #traits: HeaderBlockTraits = { isEnd: false, dependsOnItself: false };

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isOpen(): boolean {
    return this.#streamId !== 0;
  }

  get streamId(): number {
    return this.#streamId;
  }

  get traits(): HeaderBlockTraits {
    return this.#traits;
  }

  open(streamId: number, payload: Payload, traits: HeaderBlockTraits): void {
    this.#streamId = streamId;
    this.#traits = traits;
    this.add(payload);
  }

  /** @throws {Http2Error} ENHANCE_YOUR_CALM past the limits: a block that is not decoded leaves the table out of step. */
  add({ bytes, start, end }: Payload): void {
    this.#sizeBytes += end - start;
    if (this.#sizeBytes > this.#maxBytes) {
      throw new Http2Error("ENHANCE_YOUR_CALM", `a header block exceeds ${this.#maxBytes} bytes`);
    }
    if (this.#parts.length > MAX_CONTINUATIONS) {
      throw new Http2Error(
        "ENHANCE_YOUR_CALM",
        `a header block has more than ${MAX_CONTINUATIONS} CONTINUATION frames`,
      );
    }
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
  }

  close(): Buffer {
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#sizeBytes = 0;
    this.#streamId = 0;
    return block;
  }
}
