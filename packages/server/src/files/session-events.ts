import type { EventClock } from "../events/event-clock.ts";
import type { EventSink } from "../events/event-sink.ts";
import { buildFsEvent, type FsFacts } from "../events/fs-event.ts";
import type { SessionFacts } from "../events/session-facts.ts";
import { failureFields, failureLevel } from "./failure-report.ts";

/** Remembers what a user has ever done; the store does. */
export interface UserActivity {
  /** True only the first time in the user's life. */
  markFirstUpload(username: string): Promise<boolean>;
  /** True only the first time in the user's life. */
  markFirstDownload(username: string): Promise<boolean>;
}

/** What a client asked for; paths are as the client sees them. */
export interface Attempt {
  readonly operation: string;
  readonly path: string;
  readonly targetPath?: string;
}

/** Tells plugins and the log what a session did. */
export class SessionEvents {
  readonly #session: SessionFacts;
  readonly #sink: EventSink;
  readonly #activity: UserActivity;
  readonly #clock: EventClock;
  // Once answered, the question need not be asked again in this session: a life has one first time.
  #askFirst = { upload: true, download: true };

  constructor(session: SessionFacts, sink: EventSink, activity: UserActivity, clock: EventClock) {
    this.#session = session;
    this.#sink = sink;
    this.#activity = activity;
    this.#clock = clock;
  }

  get isScp(): boolean {
    return this.#session.protocol === "SCP";
  }

  publish(facts: FsFacts): void {
    this.#sink.publish({ kind: "fs", event: buildFsEvent(this.#session, facts, this.#clock) });
  }

  /** The event of something that was done or begun, and its line in the log. `failure` is why it ended badly. */
  publishDone(facts: FsFacts, failure?: unknown): void {
    this.publish(facts);
    this.#session.logger.log(facts.status === undefined || facts.status === 1 ? "info" : "error", "file operation", {
      action: facts.action,
      path: facts.virtualPath,
      ...(facts.virtualTargetPath === undefined ? {} : { targetPath: facts.virtualTargetPath }),
      ...(facts.fileSizeBytes === undefined ? {} : { sizeBytes: Number(facts.fileSizeBytes) }),
      elapsedMs: Math.trunc(facts.elapsedMs ?? 0),
      status: facts.status ?? 1,
      ...(failure === undefined ? {} : failureFields(failure)),
    });
  }

  /** Passes an outcome on; a bad one is told the log first. */
  reported<T>(attempt: Attempt, outcome: Promise<T>): Promise<T> {
    return outcome.catch((error: unknown) => {
      this.reportFailure(attempt, error);
      throw error;
    });
  }

  /** Follows a good transfer with `first-upload` or `first-download` when it was the user's first. */
  async publishFirst(kind: "upload" | "download", facts: FsFacts): Promise<void> {
    if (!this.#askFirst[kind]) return;
    const { username } = this.#session.user;
    try {
      const isFirst = await (kind === "upload"
        ? this.#activity.markFirstUpload(username)
        : this.#activity.markFirstDownload(username));
      this.#askFirst[kind] = false;
      if (isFirst) this.publish({ ...facts, action: `first-${kind}` });
    } catch (error) {
      // The transfer itself is done; only its being the first is not known. Asked again at the next one.
      this.#session.logger.log("warn", "first transfer not recorded", { kind, error });
    }
  }

  warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#session.logger.log("warn", message, fields);
  }

  /** The log's line for what was refused or failed without an event. */
  reportFailure({ operation, path, targetPath }: Attempt, failure: unknown): void {
    this.#session.logger.log(failureLevel(failure), "file operation failed", {
      operation,
      path,
      ...(targetPath === undefined ? {} : { targetPath }),
      ...failureFields(failure),
    });
  }
}
