import { Worker } from "node:worker_threads";
import type {
  BatchOutcome,
  FoundRows,
  JournalBackend,
  JournalBatch,
  JournalContents,
  JournalFileOptions,
  JournalQuery,
} from "./journal-backend.ts";
import { journalError } from "./journal-problem.ts";
import type { JournalAnswer, JournalRequest, JournalThreadData } from "./thread-messages.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The journal's file on a thread of its own. A thread that died is started again by {@link open}. */
export class ThreadBackend implements JournalBackend {
  readonly #options: JournalFileOptions;
  #thread: Worker | undefined;
  #waiting: Waiting[] = [];
  #isOpen = false;

  constructor(options: JournalFileOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(): Promise<JournalContents> {
    this.#isOpen = false;
    this.#thread ??= this.#start();
    const contents = await this.#ask<JournalContents>({ kind: "open" });
    this.#isOpen = true;
    return contents;
  }

  write(batch: JournalBatch): Promise<BatchOutcome> {
    return this.#ask<BatchOutcome>({ kind: "write", batch });
  }

  read(query: JournalQuery): Promise<FoundRows> {
    return this.#ask<FoundRows>({ kind: "read", query });
  }

  expire(beforeMs: number): Promise<BatchOutcome> {
    return this.#ask<BatchOutcome>({ kind: "expire", beforeMs });
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    try {
      await this.#ask({ kind: "close" });
    } finally {
      this.#thread = undefined;
      this.#isOpen = false;
      await thread.terminate();
    }
  }

  async #ask<Result>(request: JournalRequest): Promise<Result> {
    const thread = this.#thread;
    if (thread === undefined) throw journalError(this.#options.file, "failing");
    // The answer to each request is what JournalBackend says.
    const answered = new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ resolve: (result) => resolve(result as Result), reject });
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.postMessage(request);
    return await answered;
  }

  #start(): Worker {
    const workerData: JournalThreadData = { options: this.#options };
    const thread = new Worker(new URL(import.meta.resolve("@fairlead/plugin-host/journal-thread")), { workerData });
    thread.on("message", (answer: JournalAnswer) => this.#take(answer));
    thread.once("error", (error) => this.#lose(thread, error));
    thread.once("exit", () => this.#lose(thread, undefined));
    return thread;
  }

  #take(answer: JournalAnswer): void {
    const waiting = this.#waiting.shift();
    if (answer.ok) waiting?.resolve(answer.result);
    else {
      if (answer.problem === "damaged") this.#isOpen = false;
      waiting?.reject(journalError(this.#options.file, answer.problem, answer.reason));
    }
  }

  #lose(thread: Worker, cause: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#isOpen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(journalError(this.#options.file, "failing", cause));
  }
}
