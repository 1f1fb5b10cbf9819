import { SftpError } from "../sftp-error.ts";

/** Lends the buffers in which packets are put together that came in pieces. */
export interface PacketBuffers {
  take(bytes: number): Buffer;
  give(buffer: Buffer): void;
}

/** One packet without its length field: `buffer` from `start` to `end`. */
export interface Packet {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** The packet was put together in this lent buffer, which the receiver gives back when it is done with the packet. */
  readonly lent: Buffer | undefined;
}

const LENGTH_BYTES = 4;

/**
 * Cuts a byte stream into packets (draft §3: uint32 length, then that many bytes).
 *
 * A packet that lies within one chunk is handed out in place. One that spans chunks is copied once, into a buffer of its
 * own size; so no more than one packet is ever held beyond the chunks given to `push`.
 */
export class PacketSplitter {
  readonly #maxPacketBytes: number;
  readonly #buffers: PacketBuffers;
  readonly #chunks: Buffer[] = [];
  /** Where the first chunk has been read to. */
  #offset = 0;
  /** A length field that came in pieces. */
  #lengthSoFar = 0;
  #lengthBytesSoFar = 0;
  /** A packet that came in pieces: its buffer, its length and how much is there. */
  #partial: Buffer | undefined;
  #partialLength = 0;
  #partialFilled = 0;

  constructor(maxPacketBytes: number, buffers: PacketBuffers) {
    this.#maxPacketBytes = maxPacketBytes;
    this.#buffers = buffers;
  }

  /** Adds bytes. They must stay as they are until the packets cut from them are done with. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** Whether the stream so far ends within a packet. Only to be asked when `next` has returned undefined. */
  get endsWithinPacket(): boolean {
    return this.#lengthBytesSoFar > 0 || this.#partial !== undefined;
  }

  /**
   * The next whole packet, or undefined when more bytes are needed.
   *
   * @throws SftpError BAD_MESSAGE when the announced length is 0 or above the limit: the stream cannot be read on.
   */
  next(): Packet | undefined {
    if (this.#partial !== undefined) return this.#fillPartial();
    const chunk = this.#chunks[0];
    if (chunk === undefined) return undefined;
    if (this.#lengthBytesSoFar > 0 || chunk.length - this.#offset < LENGTH_BYTES) return this.#readLengthBytewise();
    const length = this.#checkLength(chunk.readUInt32BE(this.#offset));
    const start = this.#offset + LENGTH_BYTES;
    const end = start + length;
    if (end > chunk.length) {
      this.#offset = start;
      return this.#startPartial(length);
    }
    this.#advance(end);
    return { buffer: chunk, start, end, lent: undefined };
  }

  /** Drops everything, for a session that reads no further. */
  clear(): void {
    this.#chunks.length = 0;
    this.#offset = 0;
    this.#lengthBytesSoFar = 0;
    if (this.#partial !== undefined) this.#buffers.give(this.#partial);
    this.#partial = undefined;
  }

  #readLengthBytewise(): Packet | undefined {
    while (this.#lengthBytesSoFar < LENGTH_BYTES) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      this.#lengthSoFar = (this.#lengthSoFar << 8) | (chunk[this.#offset] as number);
      this.#lengthBytesSoFar += 1;
      this.#advance(this.#offset + 1);
    }
    const length = this.#lengthSoFar >>> 0;
    this.#lengthSoFar = 0;
    this.#lengthBytesSoFar = 0;
    return this.#startPartial(this.#checkLength(length));
  }

  #checkLength(length: number): number {
    if (length === 0 || length > this.#maxPacketBytes) {
      throw new SftpError("BAD_MESSAGE", `Packet of ${length} bytes; 1 to ${this.#maxPacketBytes} are taken`);
    }
    return length;
  }

  #startPartial(length: number): Packet | undefined {
    this.#partial = this.#buffers.take(length);
    this.#partialLength = length;
    this.#partialFilled = 0;
    if (this.#chunks[0] !== undefined && this.#offset === this.#chunks[0].length) this.#advance(this.#offset);
    return this.#fillPartial();
  }

  #fillPartial(): Packet | undefined {
    const partial = this.#partial as Buffer;
    while (this.#partialFilled < this.#partialLength) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      const wanted = this.#partialLength - this.#partialFilled;
      const copied = chunk.copy(partial, this.#partialFilled, this.#offset, this.#offset + wanted);
      this.#partialFilled += copied;
      this.#advance(this.#offset + copied);
    }
    this.#partial = undefined;
    return { buffer: partial, start: 0, end: this.#partialLength, lent: partial };
  }

  #advance(offset: number): void {
    const chunk = this.#chunks[0];
    if (chunk !== undefined && offset >= chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
    } else {
      this.#offset = offset;
    }
  }
}
