import { decodeMessage, encodeMessage } from "../calls/marshal.ts";
import { MESSAGES_PER_TURN, nextTurn } from "../calls/next-turn.ts";
import { MessageQueue } from "../calls/message-queue.ts";
import { GrpcError } from "../grpc-error.ts";
import { heldSizeOf } from "../messages/message-reader.ts";
import type { Codec, Method } from "../method.ts";
import { ClientCall, type CallSession } from "./client-call.ts";
import type { BidiCall, CallOptions } from "./client-connection.ts";

/** A call whose response is one message: unary and client-streaming. */
export class SingleResponseCall<Res> extends ClientCall {
  readonly response: Promise<Res>;
  readonly #codec: Codec<Res>;
  #message: Buffer | undefined;
  #resolve!: (response: Res) => void;
  #reject!: (error: unknown) => void;

  constructor(session: CallSession, path: string, codec: Codec<Res>, options: CallOptions) {
    super(session, path, options);
    this.#codec = codec;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onMessage(message: Buffer): void {
    if (this.#message === undefined) this.#message = message;
    else this.finish(new GrpcError("INTERNAL", "grpc: the server sent more than one response message"));
  }

  protected get streamsResponses(): boolean {
    return false;
  }

  protected settle(error: GrpcError | undefined): void {
    this.inflater?.close();
    if (error !== undefined) return this.#reject(error);
    if (this.#message === undefined) {
      return this.#reject(new GrpcError("INTERNAL", "grpc: the server answered OK without a response message"));
    }
    try {
      return this.#resolve(decodeMessage(this.#codec, this.#message));
    } catch (failure) {
      return this.#reject(failure);
    }
  }
}

/** A call whose response is a stream: server-streaming and bidirectional. */
export class StreamResponseCall<Res> extends ClientCall {
  readonly responses: MessageQueue<Res>;

  constructor(session: CallSession, path: string, codec: Codec<Res>, options: CallOptions) {
    super(session, path, options);
    this.responses = new MessageQueue((bytes) => decodeMessage(codec, bytes), {
      onMessageTaken: (heldBytes) => {
        session.releaseUnread(this, heldBytes);
        this.inflater?.onTaken(heldBytes);
      },
      onReaderLeft: () => this.onAbort(undefined),
    });
  }

  onMessage(message: Buffer): void {
    this.session.holdUnread(this, heldSizeOf(message));
    this.responses.push(message);
  }

  protected get streamsResponses(): boolean {
    return true;
  }

  protected settle(error: GrpcError | undefined): void {
    // What its caller has not read yet is the caller's from now on.
    this.inflater?.close();
    if (error === undefined) this.responses.end();
    else this.responses.fail(error);
  }
}

export class BidiClientCall<Req, Res> implements BidiCall<Req, Res> {
  readonly #call: StreamResponseCall<Res>;
  readonly #method: Method<Req, Res>;
  readonly #maxSendBytes: number;
  #sentAtOnce = 0;

  constructor(call: StreamResponseCall<Res>, method: Method<Req, Res>, maxSendBytes: number) {
    this.#call = call;
    this.#method = method;
    this.#maxSendBytes = maxSendBytes;
  }

  async send(message: Req): Promise<void> {
    const sent = this.#call.sendBytes(encodeMessage(this.#method.request, message, this.#maxSendBytes), false);
    if (sent !== undefined) await sent;
    else if (++this.#sentAtOnce % MESSAGES_PER_TURN === 0) await nextTurn();
  }

  end(): void {
    this.#call.endRequests();
  }

  cancel(): void {
    this.#call.onAbort(undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<Res, undefined> {
    return this.#call.responses[Symbol.asyncIterator]();
  }
}
