import { SftpError } from "@fairlead/sftp";
import type { EventClock } from "../events/event-clock.ts";
import type { EventSink } from "../events/event-sink.ts";
import { buildFsEvent, type FsAction, type FsFacts } from "../events/fs-event.ts";
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
  /** Events that are not safe yet. */
  readonly #unsafe = new Set<Promise<void>>();

  constructor(session: SessionFacts, sink: EventSink, activity: UserActivity, clock: EventClock) {
    this.#session = session;
    this.#sink = sink;
    this.#activity = activity;
    this.#clock = clock;
  }

  get isScp(): boolean {
    return this.#session.protocol === "SCP";
  }

  /** An event without a line in the log, see {@link settled}. */
  publish(facts: FsFacts): void {
    void this.#publish(facts);
  }

  #publish(facts: FsFacts): Promise<void> | undefined {
    const event = { kind: "fs", event: buildFsEvent(this.#session, facts, this.#clock) } as const;
    if (this.#sink.publishDurably === undefined) {
      this.#sink.publish(event);
      return undefined;
    }
    const safe = this.#sink.publishDurably(event);
    return safe && this.#whenSafe(safe, facts);
  }

  /**
   * The event of something that was done or begun, and its line in the log. `failure` is why it ended badly. The client
   * must not hear that it was done before what is returned settles, when there is something; it rejects with what the
   * client is told instead.
   */
  publishDone(facts: FsFacts, failure?: unknown): Promise<void> | undefined {
    const safe = this.#publish(facts);
    this.#session.logger.log(facts.status === undefined || facts.status === 1 ? "info" : "error", "file operation", {
      action: facts.action,
      ...(facts.sshCommand === undefined ? {} : { command: facts.sshCommand }),
      path: facts.virtualPath,
      ...(facts.virtualTargetPath === undefined ? {} : { targetPath: facts.virtualTargetPath }),
      ...(facts.fileSizeBytes === undefined ? {} : { sizeBytes: Number(facts.fileSizeBytes) }),
      elapsedMs: Math.trunc(facts.elapsedMs ?? 0),
      status: facts.status ?? 1,
      ...(failure === undefined ? {} : failureFields(failure)),
    });
    return safe;
  }

  /** Refuses what would be told with one of these actions while that could not be put down, and the operator wants so. */
  requireRecordable(...actions: readonly FsAction[]): void {
    if (actions.some((action) => this.#sink.isRefusing?.(action) === true)) {
      throw new SftpError("FAILURE", "the server cannot record events now, try again later");
    }
  }

  /** Settles when everything told so far is safe or never will be. `undefined`: it is already. */
  settled(): Promise<unknown> | undefined {
    return this.#unsafe.size === 0 ? undefined : Promise.allSettled(this.#unsafe);
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
      if (isFirst) {
        const safe = this.#publish({ ...facts, action: `first-${kind}` });
        if (safe) await safe.catch(() => {}); // logged; the transfer's own event says so to the client
      }
    } catch (error) {
      // The transfer itself is done; only its being the first is not known. Asked again at the next one.
      this.#session.logger.log("warn", "first transfer not recorded", { kind, error });
    }
  }

  #whenSafe(safe: Promise<void>, { action, virtualPath }: FsFacts): Promise<void> {
    const told = safe
      .catch((error: unknown) => {
        this.#session.logger.log("error", "event not recorded", { action, path: virtualPath, error });
        throw new SftpError("FAILURE", "done, but the server could not record it");
      })
      .finally(() => this.#unsafe.delete(told));
    // Of some events nobody waits for the outcome: what comes of them has been logged.
    told.catch(() => {});
    this.#unsafe.add(told);
    return told;
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
