import { PluginHostError } from "../plugin-host-error.ts";

/** What is the matter with a journal's file. Only `failing` may get better by itself. */
export type JournalProblem =
  /** It is damaged, or no database. */
  | "damaged"
  /** It is a database of something else. */
  | "foreign"
  /** A later version of Fairlead made it. */
  | "newer"
  /** Another server has it. */
  | "in-use"
  /** It may not be read or written by this process. */
  | "forbidden"
  /** It holds events of before, and the disk does not work. To begin in memory would put new ones in their places. */
  | "unreadable"
  /** The disk is full, or does not work. */
  | "failing";

const NO_SUCH_TABLE = 1;
const BUSY = 5;
const PERMISSION_DENIED = 3;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

const PROBLEMS: ReadonlyMap<number, JournalProblem> = new Map([
  [NO_SUCH_TABLE, "damaged"],
  [BUSY, "in-use"],
  [PERMISSION_DENIED, "forbidden"],
  [READONLY, "forbidden"],
  [CORRUPT, "damaged"],
  [NOT_A_DATABASE, "damaged"],
]);

/** What the file system says when the place is the wrong one. */
const UNREACHABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "EISDIR"]);

const EXPLANATIONS: Readonly<Record<JournalProblem, string>> = {
  damaged: "it is damaged",
  foreign: "it is a database of another program; name another file in fairlead.journal.file",
  newer: "a later version of Fairlead made it; run that one, or name another file in fairlead.journal.file",
  "in-use": "another server has it open; every server needs a file of its own in fairlead.journal.file",
  forbidden: "this process cannot read and write it; see that its folder is there, and who may write in it",
  unreadable:
    "it holds events, and the disk is full or does not work; repair that, or move the file away and lose them",
  failing: "the disk is full or does not work",
};

/** The error of a file with this problem; `cause` may be a text. */
export function journalError(file: string, problem: JournalProblem, cause?: unknown): PluginHostError {
  const reason = cause instanceof Error ? cause.message : typeof cause === "string" ? cause : "";
  const seen = reason === "" ? "" : ` (${reason})`;
  return new PluginHostError(
    "ERR_JOURNAL",
    `the event journal ${file} cannot be used: ${EXPLANATIONS[problem]}${seen}`,
    { details: { file, problem }, cause },
  );
}

/** As {@link journalError}, for whatever SQLite or the file system threw. */
export function toJournalError(file: string, error: unknown): PluginHostError {
  if (PluginHostError.is(error)) return error;
  return journalError(file, problemOf(error), error);
}

/** The problem an error of {@link journalError} tells of. */
export function journalProblem(error: unknown): JournalProblem {
  const problem = PluginHostError.is(error) ? error.details["problem"] : undefined;
  return typeof problem === "string" && Object.hasOwn(EXPLANATIONS, problem) ? (problem as JournalProblem) : "failing";
}

function problemOf(error: unknown): JournalProblem {
  if (!(error instanceof Error)) return "failing";
  // A number that is none: no table of ours holds one.
  if ("code" in error && error.code === "ERR_OUT_OF_RANGE") return "damaged";
  if ("code" in error && typeof error.code === "string" && UNREACHABLE.has(error.code)) return "forbidden";
  if (!("errcode" in error) || typeof error.errcode !== "number") return "failing";
  const primary = error.errcode & 0xff;
  // One that could not be ended when the disk failed: that is about this connection, not about the file.
  if (primary === NO_SUCH_TABLE && error.message.includes("transaction")) return "failing";
  if (primary === FULL || primary === CANNOT_OPEN) return "failing";
  return PROBLEMS.get(primary) ?? "failing";
}
