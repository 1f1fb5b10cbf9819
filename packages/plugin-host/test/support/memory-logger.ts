import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers. */
export interface MemoryLogger extends Logger {
  readonly lines: LogLine[];
  messages(): readonly string[];
  find(message: string): LogLine | undefined;
}

export function createMemoryLogger(): MemoryLogger {
  const lines: LogLine[] = [];
  const withFields = (bound: LogFields): Logger => ({
    log: (level, message, fields = {}) => lines.push({ level, message, fields: { ...bound, ...fields } }),
    child: (fields) => withFields({ ...bound, ...fields }),
  });
  return {
    ...withFields({}),
    lines,
    messages: () => lines.map(({ message }) => message),
    find: (message) => lines.find((line) => line.message === message),
  };
}
