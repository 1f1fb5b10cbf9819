import { isUtf8 } from "node:buffer";
import { SftpError } from "../sftp-error.ts";
import { MAX_PATH_BYTES } from "./packet-limits.ts";

/** Length of the handles a session gives out. */
const HANDLE_BYTES = 4;

/** What `handle` returns for a string that cannot be one of our handles. */
export const NO_HANDLE = -1;

/**
 * Reads the fields of one packet in place (draft §3; the types are those of RFC 4251 §5).
 *
 * Every method throws `SftpError` with BAD_MESSAGE rather than read past the packet's end.
 */
export class PacketReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #offset: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  get remainingBytes(): number {
    return this.#end - this.#offset;
  }

  uint8(): number {
    return this.#buffer[this.#take(1)] as number;
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  uint64(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  /** A uint64 used as a file position or length; FAILURE above Number.MAX_SAFE_INTEGER (8 PiB). */
  position(): number {
    const at = this.#take(8);
    const high = this.#buffer.readUInt32BE(at);
    if (high > 0x1f_ffff) throw new SftpError("FAILURE", "File position or length is too large");
    return high * 0x1_0000_0000 + this.#buffer.readUInt32BE(at + 4);
  }

  /** A string's bytes, as a view of the packet. */
  bytes(): Buffer {
    const length = this.uint32();
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  /** A string of ours that names an open file or directory; NO_HANDLE for any other string. */
  handle(): number {
    const length = this.uint32();
    const start = this.#take(length);
    return length === HANDLE_BYTES ? this.#buffer.readUInt32BE(start) : NO_HANDLE;
  }

  /** A string that is a path or a name: UTF-8 without NUL, at most 4096 bytes. */
  path(): string {
    const length = this.uint32();
    const start = this.#take(length);
    if (length > MAX_PATH_BYTES) throw new SftpError("BAD_MESSAGE", "File name too long");
    const bytes = this.#buffer.subarray(start, start + length);
    if (bytes.includes(0)) throw new SftpError("BAD_MESSAGE", "File name has a NUL byte");
    if (!isUtf8(bytes)) throw new SftpError("BAD_MESSAGE", "File name is not valid UTF-8");
    return bytes.toString("utf8");
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#end - start) throw new SftpError("BAD_MESSAGE", "Packet ends within a field");
    this.#offset = start + length;
    return start;
  }
}
