import { gzip } from "../messages/gzip.ts";

/** Undefined when the message left at once, as Sender.send says. */
export type SendPacked = (bytes: Uint8Array, isLast: boolean, isPacked: boolean) => Promise<void> | undefined;

/** Packs the messages of one call aside and sends them in their order. */
export class MessageCompressor {
  readonly #send: SendPacked;
  #tail: Promise<void> = Promise.resolve();

  constructor(send: SendPacked) {
    this.#send = send;
  }

  /** Resolves when flow control let the message go. */
  send(bytes: Uint8Array, isLast: boolean): Promise<void> {
    const before = this.#tail;
    const sent = this.#pack(before, bytes, isLast);
    this.#tail = sent.catch(() => {});
    return sent;
  }

  /** Everything so far was sent, or will not be. */
  get drained(): Promise<void> {
    return this.#tail;
  }

  async #pack(before: Promise<void>, bytes: Uint8Array, isLast: boolean): Promise<void> {
    await before;
    const packed = await gzip(bytes);
    // What does not shrink goes as it is: the flag is the message's own.
    const isPacked = packed.length < bytes.length;
    await this.#send(isPacked ? packed : bytes, isLast, isPacked);
  }
}
