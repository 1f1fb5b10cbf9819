import { readFileSync } from "node:fs";

/** A line a probe wrote. */
export interface ProbeLine {
  /** Name of the executable: `probe-auth`. */
  readonly probe: string;
  readonly kind: string;
  readonly pid: number;
  readonly atMs: number;
  readonly what: "start" | "serve_return" | "rpc" | "rpc_end";
  readonly method?: string;
  readonly req?: Readonly<Record<string, unknown>>;
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly inFlight?: number;
  readonly arrival?: number;
  readonly env?: readonly string[];
  readonly argv?: readonly string[];
  readonly cwd?: string;
  readonly result?: string;
}

/** What all probes of a server wrote, in order of arrival. */
export class ProbeLog {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  lines(): ProbeLine[] {
    let text = "";
    try {
      text = readFileSync(this.file, "utf8");
    } catch {
      // No probe has started yet.
    }
    const complete = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return complete.filter((line) => line !== "").map((line) => JSON.parse(line) as ProbeLine);
  }

  /** Processes of a kind in order of their start, ended ones too. */
  pidsOf(kind: string): number[] {
    return this.lines().flatMap((line) => (line.what === "start" && line.kind === kind ? [line.pid] : []));
  }
}

/** RPCs in order of creation: events by their own time stamp, all others when they arrived. */
export function rpcsInOrder(lines: readonly ProbeLine[]): ProbeLine[] {
  const created = (line: ProbeLine): bigint => {
    const timestamp = line.req?.["timestamp"];
    return typeof timestamp === "string" ? BigInt(timestamp) : BigInt(Math.round(line.atMs * 1e6));
  };
  return lines
    .filter(({ what }) => what === "rpc")
    .map((line, index) => ({ line, index, at: created(line) }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.index - b.index))
    .map(({ line }) => line);
}
