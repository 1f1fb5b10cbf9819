import { appendFileSync, readFileSync } from "node:fs";

/** What a probe does with one call instead of answering at once with nothing. Read anew for every call. */
export interface Behaviour {
  /** Only calls whose request has these values. */
  readonly when?: Readonly<Record<string, unknown>>;
  /** Only the first this many calls that it fits, of all processes together. */
  readonly times?: number;
  /** Waits this long first, whatever the server does meanwhile. */
  readonly sleepMs?: number;
  /** Ends the process with this status instead of answering. */
  readonly exit?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** Auth: the user document, or text, of the answer. Searcher: the data. `$` is replaced as in the harness. */
  readonly answer?: string;
  /** A step of keyboard-interactive. */
  readonly step?: {
    readonly instructions?: string;
    readonly questions?: readonly string[];
    readonly echos?: readonly boolean[];
    readonly authResult?: number;
    readonly checkPassword?: number;
  };
  /** KMS. Encrypt without it answers `ENC(hex of the payload)`, Decrypt turns that back. */
  readonly payload?: string;
  readonly key?: string;
  readonly mode?: number;
}

/** Method name, without the service, → what to do, the first that fits. */
export type Behaviours = Readonly<Record<string, readonly Behaviour[]>>;

export function behaviourFor(file: string, method: string, request: Readonly<Record<string, unknown>>): Behaviour {
  let all: Behaviours = {};
  try {
    all = JSON.parse(readFileSync(file, "utf8")) as Behaviours;
  } catch {
    // Nothing was asked for yet.
  }
  for (const behaviour of all[method] ?? []) {
    const wanted = Object.entries(behaviour.when ?? {});
    if (!wanted.every(([name, value]) => JSON.stringify(request[name]) === JSON.stringify(value))) continue;
    if (behaviour.times !== undefined && usesOf(file, JSON.stringify(behaviour)) >= behaviour.times) continue;
    return behaviour;
  }
  return {};
}

/** Counts one use more, in a file: a process that ends in a call is followed by another one. */
function usesOf(file: string, identity: string): number {
  let lines: readonly string[] = [];
  try {
    lines = readFileSync(`${file}.uses`, "utf8").split("\n");
  } catch {
    // The first one.
  }
  appendFileSync(`${file}.uses`, `${identity}\n`);
  return lines.filter((line) => line === identity).length;
}
