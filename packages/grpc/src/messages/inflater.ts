import { GrpcError } from "../grpc-error.ts";
import { gunzip } from "./gzip.ts";
import type { MessageLimits, MessageSink } from "./message-reader.ts";

export interface InflaterTarget extends MessageSink {
  onBadMessage(error: GrpcError): void;
}

/** What the connection does for the streams on it that are compressed. */
export interface InflaterContext {
  readonly limits: MessageLimits;
  /** One message of the connection is unpacked at a time, so that a bomb on each stream is still only one. */
  readonly line: InflateLine;
  /** Packed bytes that wait count against the stream's window. */
  hold(sizeBytes: number): void;
  release(sizeBytes: number): void;
}

/** Runs what it is given one after the other. */
export class InflateLine {
  #tail: Promise<void> = Promise.resolve();

  run(task: () => Promise<void>): void {
    this.#tail = this.#tail.then(task);
  }
}

type Step =
  | { readonly what: "packed" | "plain"; readonly bytes: Buffer }
  | { readonly what: "event"; readonly task: () => void };

/** Unpacked messages nobody has taken, above which the next of a stream must wait. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Stands between the reader of a stream whose peer compresses and the stream's call. Messages are unpacked aside, and what
 * follows one (plain messages, the end) waits for it.
 *
 * Bounds, whatever a packed message claims to be: each unpacks to at most `maxReceiveBytes`; all that were unpacked and
 * not taken yet count against the connection's memory budget; the packed ones stay within the stream's window.
 */
export class Inflater implements MessageSink {
  readonly #target: InflaterTarget;
  readonly #context: InflaterContext;
  /** Its reader takes messages one by one, and says so. */
  readonly #isStream: boolean;
  #steps: Step[] = [];
  #isUnpacking = false;
  #heldBytes = 0;

  constructor(target: InflaterTarget, context: InflaterContext, isStream: boolean) {
    this.#target = target;
    this.#context = context;
    this.#isStream = isStream;
  }

  get acceptsMessages(): boolean {
    return this.#target.acceptsMessages;
  }

  /** The end of the stream is here, behind messages that are being unpacked. */
  get holdsEnd(): boolean {
    return this.#steps.at(-1)?.what === "event";
  }

  onMessage(message: Buffer): void {
    if (this.#isIdle) this.#deliver(message);
    else this.#wait({ what: "plain", bytes: message });
  }

  onCompressedMessage(message: Buffer): void {
    this.#wait({ what: "packed", bytes: message });
    this.#proceed();
  }

  /** Runs `task` when every message before it was handed on; at once when none waits. Not after the call's end. */
  inOrder(task: () => void): void {
    if (this.#isIdle) task();
    else this.#steps.push({ what: "event", task });
  }

  /** The reader has taken so much. */
  onTaken(sizeBytes: number): void {
    this.#giveBack(Math.min(sizeBytes, this.#heldBytes));
    this.#proceed();
  }

  /** The call is over, and its messages are in nobody's hands. */
  close(): void {
    this.#steps = [];
    this.#giveBack(this.#heldBytes);
  }

  get #isIdle(): boolean {
    return this.#steps.length === 0 && !this.#isUnpacking;
  }

  #wait(step: Step & { what: "packed" | "plain" }): void {
    this.#context.hold(step.bytes.length);
    this.#steps.push(step);
  }

  #proceed(): void {
    while (!this.#isUnpacking) {
      if (!this.#target.acceptsMessages) this.#steps = [];
      const [step] = this.#steps;
      if (step === undefined) return;
      if (step.what === "event") {
        this.#steps.shift();
        step.task();
        continue;
      }
      if (this.#isStream && this.#heldBytes >= MAX_WAITING_BYTES) return;
      this.#steps.shift();
      if (step.what === "packed") this.#unpack(step.bytes);
      else {
        this.#context.release(step.bytes.length);
        this.#deliver(step.bytes);
      }
    }
  }

  #unpack(bytes: Buffer): void {
    this.#isUnpacking = true;
    this.#context.line.run(async () => {
      let message: Buffer | undefined;
      let failure: GrpcError | undefined;
      try {
        if (this.#target.acceptsMessages) message = await gunzip(bytes, this.#context.limits.maxReceiveBytes);
      } catch (error) {
        failure = GrpcError.from(error);
      }
      this.#isUnpacking = false;
      this.#context.release(bytes.length);
      if (this.#target.acceptsMessages) {
        if (message !== undefined) this.#deliver(message);
        else if (failure !== undefined) this.#target.onBadMessage(failure);
      }
      this.#proceed();
    });
  }

  #deliver(message: Buffer): void {
    const { budget } = this.#context.limits;
    if (!budget.take(message.length)) {
      const what = "decompressed messages of the connection that were not taken yet";
      this.#target.onBadMessage(
        new GrpcError("RESOURCE_EXHAUSTED", `grpc: ${what} exceed ${budget.limitBytes} bytes together`),
      );
      return;
    }
    this.#heldBytes += message.length;
    this.#target.onMessage(message);
  }

  #giveBack(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes;
    this.#context.limits.budget.giveBack(sizeBytes);
  }
}
