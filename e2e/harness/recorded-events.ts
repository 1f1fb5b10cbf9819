import { readFileSync } from "node:fs";
import { waitFor, type WaitOptions } from "./wait-for.ts";

/** A file event as `fixtures/record-events` wrote it down: numbers of 64 bits are decimal strings. */
export interface RecordedFsEvent {
  readonly timestampNs: string;
  readonly action: string;
  readonly username: string;
  readonly path: string;
  readonly targetPath: string;
  readonly virtualPath: string;
  readonly virtualTargetPath: string;
  readonly sshCmd: string;
  readonly fileSizeBytes: string;
  readonly elapsedMs: string;
  readonly status: number;
  readonly protocol: string;
  readonly ip: string;
  readonly sessionId: string;
  readonly fsProvider: number;
  readonly bucket: string;
  readonly endpoint: string;
  readonly openFlags: number;
  readonly role: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RecordedLogEvent {
  readonly timestampNs: string;
  readonly event: number;
  readonly username: string;
  readonly protocol: string;
  readonly ip: string;
  readonly message: string;
  readonly role: string;
}

export type RecordedLine = { readonly pid: number } & (
  | { readonly kind: "start"; readonly arguments: readonly string[] }
  | { readonly kind: "stop" }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "fs"; readonly eventId?: string; readonly event: RecordedFsEvent }
  | { readonly kind: "log"; readonly eventId?: string; readonly event: RecordedLogEvent }
);

/** The file a recording plugin writes to, read by the test. */
export class RecordedEvents {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  lines(): RecordedLine[] {
    let text = "";
    try {
      text = readFileSync(this.file, "utf8");
    } catch {
      // The plugin has not started yet.
    }
    const complete = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return complete.filter((line) => line !== "").map((line) => JSON.parse(line) as RecordedLine);
  }

  fsEvents(): RecordedFsEvent[] {
    return this.lines().flatMap((line) => (line.kind === "fs" ? [line.event] : []));
  }

  fsEventsOf(username: string): RecordedFsEvent[] {
    return this.fsEvents().filter((event) => event.username === username);
  }

  logEvents(): RecordedLogEvent[] {
    return this.lines().flatMap((line) => (line.kind === "log" ? [line.event] : []));
  }

  /** Process ids of every plugin process that wrote here, in order of their start. */
  pids(): number[] {
    return this.lines().flatMap((line) => (line.kind === "start" ? [line.pid] : []));
  }

  lastPid(): number {
    const pid = this.pids().at(-1);
    if (pid === undefined) throw new Error("the recording plugin has not started");
    return pid;
  }

  /** Waits until the last file event of a user is about `virtualPath`; events of one user arrive in order. */
  async waitForFsEvent(action: string, virtualPath: string, options?: WaitOptions): Promise<RecordedFsEvent> {
    const isIt = (event: RecordedFsEvent): boolean => event.action === action && event.virtualPath === virtualPath;
    return await waitFor(`the event ${action} ${virtualPath}`, () => this.fsEvents().find((event) => isIt(event)), {
      seen: () => this.#summary(),
      ...options,
    });
  }

  async waitForLine(
    what: string,
    accept: (line: RecordedLine) => boolean,
    options?: WaitOptions,
  ): Promise<RecordedLine> {
    return await waitFor(what, () => this.lines().find((line) => accept(line)), {
      seen: () => this.#summary(),
      ...options,
    });
  }

  #summary(): string {
    const short = this.lines().map((line) =>
      line.kind === "fs" ? `${line.event.action} ${line.event.virtualPath}` : line.kind,
    );
    return short.slice(-40).join("\n");
  }
}
