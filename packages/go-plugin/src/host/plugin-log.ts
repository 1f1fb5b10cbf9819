import type { LogFields, LogLevel } from "../logger.ts";
import type { LinePiece } from "./line-splitter.ts";

/** One event of a plugin's log. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const LEVELS: ReadonlySet<string> = new Set<LogLevel>(["trace", "debug", "info", "warn", "error"]);
const MAX_DEPTH = 8;
// What the host says about a plugin, and its logger about a line: of two fields with one name many readers take the last,
// and so a plugin would speak for another one, or for the host.
const HOST_FIELDS: ReadonlySet<string> = new Set(["plugin", "pid", "type", "index", "level", "time", "msg"]);

/**
 * Turns the lines of a plugin's stderr into log events, as go-plugin does (client.go: logStderr, log_entry.go): hclog's
 * JSON, else a `[LEVEL]` prefix, else debug. Once a Go runtime says `panic:` or `fatal error:`, what follows without a
 * prefix is its stack and logged as error, for the rest of the process's life.
 *
 * More lenient than Go in two ways: any timestamp text is kept, not only those with six digits; and a line whose
 * `@level` or `@message` is no string is logged as it is, where Go's host panics.
 */
export class PluginLogParser {
  #panicked = false;

  parse(piece: LinePiece): LogEntry {
    const { text } = piece;
    if (!piece.whole) return plain("debug", text);
    const entry = text.startsWith("{") ? parseHclogLine(text) : undefined;
    if (entry !== undefined) return entry;
    const prefix = /^\[(TRACE|DEBUG|INFO|WARN|ERROR)\]/.exec(text)?.[1];
    if (prefix !== undefined) return plain(prefix.toLowerCase() as LogLevel, text);
    if (text.startsWith("panic: ") || text.startsWith("fatal error: ")) this.#panicked = true;
    return plain(this.#panicked ? "error" : "debug", text);
  }
}

function plain(level: LogLevel, message: string): LogEntry {
  return { level, message, fields: {} };
}

function parseHclogLine(text: string): LogEntry | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON after all: the caller logs the line as text.
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed) || !isShallow(parsed, MAX_DEPTH)) {
    return undefined;
  }
  const { "@level": level, "@message": message = "", "@timestamp": timestamp, ...rest } = parsed as LogFields;
  if (typeof level !== "string" || typeof message !== "string") return undefined;
  const known = level.trim().toLowerCase();
  if (!LEVELS.has(known)) return undefined;
  return { level: known as LogLevel, message, fields: readFields(rest, timestamp) };
}

function readFields(raw: LogFields, timestamp: unknown): LogFields {
  const fields = Object.entries(raw)
    .filter(([key]) => key !== "__proto__")
    .map(([key, value]): [string, unknown] => [HOST_FIELDS.has(key) ? `plugin.${key}` : key, value]);
  if (typeof timestamp === "string") fields.push(["timestamp", timestamp]);
  return Object.fromEntries(fields);
}

// Loggers that write JSON recurse; 64 KiB of brackets would overflow their stack.
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1));
}
