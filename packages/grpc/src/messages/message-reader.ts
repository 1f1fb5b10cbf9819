import { GrpcError } from "../grpc-error.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** The flag octet and the 32-bit length before each message. */
export const MESSAGE_PREFIX_BYTES = 5;
const FIRST_ROOM_BYTES = 64 * 1024;
/** What a waiting message costs beside its bytes: its Buffer, its places in lists. A peer may send millions of tiny ones. */
const MESSAGE_OVERHEAD_BYTES = 128;

/** Many messages are empty, and all empty ones are the same. */
const EMPTY_MESSAGE = Buffer.alloc(0);

/** What a message that waits for its reader counts for, wherever waiting is bounded. */
export function heldSizeOf(message: Uint8Array): number {
  return message.length + MESSAGE_OVERHEAD_BYTES;
}

export interface MessageSink {
  /** The bytes belong to the receiver. */
  onMessage(message: Buffer): void;
  /** A message with the compressed flag; left out where the stream named no encoding. */
  onCompressedMessage?(message: Buffer): void;
  /** False once the call is over: what follows is dropped. */
  readonly acceptsMessages: boolean;
}

export interface MessageLimits {
  readonly maxReceiveBytes: number;
  readonly budget: MemoryBudget;
}

/**
 * Cuts DATA into messages. A message that lies whole in one frame is copied out once; a larger one is put together in
 * a buffer that grows with what has arrived, by doubling, never with what was announced.
 */
export class MessageReader {
  readonly #limits: MessageLimits;
  #prefixBytes = 0;
  #flag = 0;
  #lengthBytes = 0;
  #body: Buffer | undefined;
  #bodyBytes = 0;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  /** Whether the last message is still incomplete. */
  get isInsideMessage(): boolean {
    return this.#prefixBytes > 0;
  }

  /** Bytes of the incomplete message that have arrived. */
  get pendingBytes(): number {
    return this.#bodyBytes;
  }

  /** @throws {GrpcError} RESOURCE_EXHAUSTED past a limit, INTERNAL for a flag that may not be. */
  read(bytes: Buffer, start: number, end: number, sink: MessageSink): void {
    let at = start;
    while (at < end && sink.acceptsMessages) {
      if (this.#prefixBytes < MESSAGE_PREFIX_BYTES) {
        at = this.#readPrefix(bytes, at, end);
        if (this.#prefixBytes < MESSAGE_PREFIX_BYTES) return;
        checkPrefix(this.#flag, this.#lengthBytes, this.#limits, sink);
      }
      const wantedBytes = this.#lengthBytes - this.#bodyBytes;
      const takenEnd = Math.min(end, at + wantedBytes);
      this.#append(bytes, at, takenEnd);
      at = takenEnd;
      if (this.#bodyBytes === this.#lengthBytes) this.#emit(sink);
    }
  }

  /** Gives back what it holds; to be called when the call ends. */
  close(): void {
    if (this.#body !== undefined) this.#limits.budget.giveBack(this.#body.length);
    this.#body = undefined;
  }

  #readPrefix(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#prefixBytes < MESSAGE_PREFIX_BYTES) {
      const octet = bytes[at++]!;
      if (this.#prefixBytes++ === 0) this.#flag = octet;
      else this.#lengthBytes = this.#lengthBytes * 256 + octet;
    }
    return at;
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const neededBytes = this.#bodyBytes + end - start;
    if (this.#body === undefined || this.#body.length < neededBytes) this.#grow(neededBytes);
    bytes.copy(this.#body!, this.#bodyBytes, start, end);
    this.#bodyBytes = neededBytes;
  }

  #grow(neededBytes: number): void {
    const heldBytes = this.#body?.length ?? 0;
    const roomBytes = Math.min(this.#lengthBytes, Math.max(neededBytes, heldBytes * 2, FIRST_ROOM_BYTES));
    const { budget } = this.#limits;
    if (!budget.take(roomBytes - heldBytes)) {
      throw new GrpcError(
        "RESOURCE_EXHAUSTED",
        `grpc: unfinished messages of the connection exceed ${budget.limitBytes} bytes together`,
      );
    }
    const body = Buffer.allocUnsafe(roomBytes);
    this.#body?.copy(body, 0, 0, this.#bodyBytes);
    this.#body = body;
  }

  #emit(sink: MessageSink): void {
    const message = this.#body!;
    this.#limits.budget.giveBack(message.length);
    this.#body = undefined;
    this.#bodyBytes = 0;
    this.#prefixBytes = 0;
    this.#lengthBytes = 0;
    if (this.#flag === 0) sink.onMessage(message);
    else sink.onCompressedMessage?.(message);
  }
}

/**
 * The usual case without a reader: whole messages of one frame. Returns where it stopped: at `end`, or before a message
 * that is not whole.
 *
 * @throws {GrpcError} as MessageReader does.
 */
export function readWholeMessages(
  bytes: Buffer,
  start: number,
  end: number,
  limits: MessageLimits,
  sink: MessageSink,
): number {
  let at = start;
  while (end - at >= MESSAGE_PREFIX_BYTES) {
    const lengthBytes = bytes[at + 1]! * 0x100_0000 + ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    const flag = bytes[at]!;
    checkPrefix(flag, lengthBytes, limits, sink);
    const bodyStart = at + MESSAGE_PREFIX_BYTES;
    const bodyEnd = bodyStart + lengthBytes;
    if (bodyEnd > end) return at;
    const message = lengthBytes === 0 ? EMPTY_MESSAGE : copyOf(bytes, bodyStart, bodyEnd);
    if (flag === 0) sink.onMessage(message);
    else sink.onCompressedMessage?.(message);
    if (!sink.acceptsMessages) return end;
    at = bodyEnd;
  }
  return at;
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const message = Buffer.allocUnsafe(end - start);
  bytes.copy(message, 0, start, end);
  return message;
}

function checkPrefix(flag: number, lengthBytes: number, limits: MessageLimits, sink: MessageSink): void {
  if (flag !== 0) checkFlag(flag, sink);
  if (lengthBytes > limits.maxReceiveBytes) {
    throw new GrpcError(
      "RESOURCE_EXHAUSTED",
      `grpc: received message larger than max (${lengthBytes} vs. ${limits.maxReceiveBytes})`,
    );
  }
}

/** Identity is never compressed (gRPC over HTTP/2, Message-Encoding). */
function checkFlag(flag: number, sink: MessageSink): void {
  if (flag !== 1) throw new GrpcError("INTERNAL", `grpc: received unexpected payload format ${flag}`);
  if (sink.onCompressedMessage !== undefined) return;
  throw new GrpcError("INTERNAL", "grpc: compressed flag set with identity or empty encoding");
}
