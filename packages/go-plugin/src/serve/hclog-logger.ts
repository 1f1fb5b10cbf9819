import type { LogFields, Logger, LogLevel } from "../logger.ts";

// go-plugin hosts take a line of up to 64 KiB as JSON; a longer one would come out in pieces.
const MAX_LINE_CHARACTERS = 60_000;

/**
 * A logger that writes hclog's JSON lines, which go-plugin hosts turn into their own log. Two rules Go hosts enforce:
 * the timestamp has exactly six fraction digits, and `@level` and `@message` are strings (another type crashes them).
 */
export function createHclogLogger(write: (line: string) => void, fields: LogFields = {}): Logger {
  return {
    log: (level, message, own) => write(formatHclogLine(level, message, { ...fields, ...own }, Date.now())),
    child: (more) => createHclogLogger(write, { ...fields, ...more }),
  };
}

/** One line with its newline. */
export function formatHclogLine(level: LogLevel, message: string, fields: LogFields, timeMs: number): string {
  const head = {
    "@level": level,
    "@message": message,
    "@timestamp": new Date(timeMs).toISOString().replace("Z", "000Z"),
  };
  const line = stringify({ ...plainFields(fields), ...head });
  if (line !== undefined && line.length <= MAX_LINE_CHARACTERS) return `${line}\n`;
  const reduced = { ...head, "@message": message.slice(0, MAX_LINE_CHARACTERS / 6), fieldsDropped: true };
  return `${JSON.stringify(reduced)}\n`;
}

// Errors lose their text in JSON and bigints have no place in it; hclog writes both as strings.
function plainFields(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return formatError(value);
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

const MAX_CAUSES = 5;

/** The stack, and those of what caused it. */
function formatError(error: Error): string {
  const stacks: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error && stacks.length < MAX_CAUSES) {
    stacks.push(withRefused(cause, cause.stack ?? String(cause)));
    ({ cause } = cause);
  }
  return stacks.join("\ncaused by: ");
}

/** Node's permission model says in properties alone what it has refused: in the stack, it goes to the end of the first line. */
function withRefused(error: Error, stack: string): string {
  const { code, permission, resource } = error as NodeJS.ErrnoException & { permission?: unknown; resource?: unknown };
  if (code !== "ERR_ACCESS_DENIED") return stack;
  const refused = [permission, resource].filter((part) => typeof part === "string" && part !== "").join(" ");
  return refused === "" ? stack : stack.replace(/(?=\n|$)/, () => ` (${refused})`);
}

function stringify(record: LogFields): string | undefined {
  try {
    return JSON.stringify(record, (_key, value: unknown) => plainValue(value));
  } catch {
    // A cycle or a throwing toJSON in a field: the event itself must not get lost.
    return undefined;
  }
}
