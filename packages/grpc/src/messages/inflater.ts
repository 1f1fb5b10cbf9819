import { GrpcError } from "../grpc-error.ts";
import { gunzip } from "./gzip.ts";
import { heldSizeOf, type MessageLimits, type MessageSink } from "./message-reader.ts";

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
  /** What was handed on threw: a fault of ours. */
  onFault(error: unknown): void;
}

/** Runs what it is given one after the other. */
export class InflateLine {
  #tail: Promise<void> = Promise.resolve();

  /** What `task` rejects with holds up nobody behind it. */
  run(task: () => Promise<void>, onFault: (error: unknown) => void): void {
    this.#tail = this.#tail.then(task).catch(onFault);
  }
}

type Step =
  | { readonly what: "packed" | "plain"; readonly bytes: Buffer }
  | { readonly what: "event"; readonly task: () => void }
  | { readonly what: "done" };

const DONE: Step = { what: "done" };
/** Steps that are done and may stay at the front of the list before it is moved up. */
const COMPACT_AT = 1024;

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
  /** Steps before this one are done: a long list is not moved up for each. */
  #first = 0;
  #isUnpacking = false;
  #isProceeding = false;
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

  /** The reader has taken a message, for which so much was held. */
  onTaken(heldBytes: number): void {
    this.#giveBack(Math.min(heldBytes, this.#heldBytes));
    this.#proceed();
  }

  /** The call is over, and its messages are in nobody's hands. */
  close(): void {
    this.#drop();
    this.#giveBack(this.#heldBytes);
  }

  get #isIdle(): boolean {
    return this.#first === this.#steps.length && !this.#isUnpacking;
  }

  #wait(step: Step & { what: "packed" | "plain" }): void {
    this.#context.hold(heldSizeOf(step.bytes));
    this.#steps.push(step);
  }

  /** Who takes a message at once asks for the next: that is left to the loop, for there may be a million of them. */
  #proceed(): void {
    if (this.#isProceeding) return;
    this.#isProceeding = true;
    try {
      while (!this.#isUnpacking && this.#mayStep) this.#step(this.#takeStep());
    } finally {
      this.#isProceeding = false;
    }
    if (this.#first === this.#steps.length) this.#drop();
  }

  #takeStep(): Step {
    const step = this.#steps[this.#first]!;
    this.#steps[this.#first++] = DONE;
    if (this.#first === COMPACT_AT) {
      this.#steps.splice(0, this.#first);
      this.#first = 0;
    }
    return step;
  }

  get #mayStep(): boolean {
    if (!this.#target.acceptsMessages) this.#drop();
    const step = this.#steps[this.#first];
    if (step === undefined) return false;
    return step.what === "event" || !this.#isStream || this.#heldBytes < MAX_WAITING_BYTES;
  }

  #step(step: Step): void {
    if (step.what === "event") step.task();
    else if (step.what === "packed") this.#unpack(step.bytes);
    else if (step.what === "plain") {
      this.#context.release(heldSizeOf(step.bytes));
      this.#deliver(step.bytes);
    }
  }

  #drop(): void {
    this.#steps = [];
    this.#first = 0;
  }

  #unpack(bytes: Buffer): void {
    this.#isUnpacking = true;
    this.#context.line.run(
      async () => {
        let message: Buffer | undefined;
        let failure: GrpcError | undefined;
        try {
          if (this.#target.acceptsMessages) message = await gunzip(bytes, this.#context.limits.maxReceiveBytes);
        } catch (error) {
          failure = GrpcError.from(error);
        }
        this.#isUnpacking = false;
        this.#context.release(heldSizeOf(bytes));
        if (this.#target.acceptsMessages) {
          if (message !== undefined) this.#deliver(message);
          else if (failure !== undefined) this.#target.onBadMessage(failure);
        }
        this.#proceed();
      },
      (error) => this.#context.onFault(error),
    );
  }

  #deliver(message: Buffer): void {
    const { budget } = this.#context.limits;
    const heldBytes = heldSizeOf(message);
    if (!budget.take(heldBytes)) {
      const what = "decompressed messages of the connection that were not taken yet";
      this.#target.onBadMessage(
        new GrpcError("RESOURCE_EXHAUSTED", `grpc: ${what} exceed ${budget.limitBytes} bytes together`),
      );
      return;
    }
    this.#heldBytes += heldBytes;
    this.#target.onMessage(message);
  }

  #giveBack(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes;
    this.#context.limits.budget.giveBack(sizeBytes);
  }
}
