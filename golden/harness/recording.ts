import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../e2e/harness/repository.ts";

/** What a client was told to do, and what it said. */
export interface RecordedCommand {
  readonly run: string;
  /** Exit status; the HTTP status where `run` is a REST call; `timeout`. */
  readonly rc: number | string;
  readonly out?: string;
  readonly err?: string;
  readonly stdin?: string;
  readonly body?: unknown;
}

export interface RecordedRpc {
  /** `notifier#1`: kind and number of the process. */
  readonly probe: string;
  readonly method: string;
  readonly req: Readonly<Record<string, unknown>>;
  readonly deadline_s: number;
}

export interface RecordedProcessNote {
  readonly probe: string;
  /** `start`, `serve_return`, `rpc_end`. */
  readonly kind: string;
  readonly env?: readonly string[];
  readonly argv?: readonly string[];
  readonly cwd?: string;
}

/** One line of a recording: what a real SFTPGo did in one situation. RPCs are in order of creation. */
export interface Recording {
  readonly id: string;
  readonly title: string;
  readonly commands: readonly RecordedCommand[];
  readonly rpcs: readonly RecordedRpc[];
  readonly process: readonly RecordedProcessNote[];
  readonly notes: readonly unknown[];
}

export const recordingsFolder = join(repositoryRoot, "golden", "recordings");

let recordings: ReadonlyMap<string, Recording> | undefined;

/** Every recorded situation by its id, in the order of recording. */
export function allRecordings(): ReadonlyMap<string, Recording> {
  recordings ??= new Map(
    readdirSync(recordingsFolder)
      .filter((file) => file.endsWith(".jsonl"))
      .flatMap((file) => readFileSync(join(recordingsFolder, file), "utf8").split("\n"))
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Recording)
      .map((recording) => [recording.id, recording]),
  );
  return recordings;
}
