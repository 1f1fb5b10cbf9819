import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";
import pino from "pino";
import pretty from "pino-pretty";

export type LogFormat = "json" | "pretty";

export interface LoggerOptions {
  /** Events below it are dropped. Default "info". */
  readonly level?: LogLevel;
  /** `pretty` for people on a terminal, `json` one object a line. */
  readonly format: LogFormat;
  /** Where to; `write` gets whole lines. Default the process's stderr. */
  readonly output?: { write(line: string): unknown };
}

/** Fields that are never written, wherever they turn up by mistake. */
const SECRET_FIELDS = ["password", "passwordHash", "privateKey", "secret", "token"];

/** The server's log. Writes at once, so that the last line before an exit is not lost. */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? pino.destination({ fd: 2, sync: true });
  const logger = pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
    },
    options.format === "pretty" ? prettyStream(output) : lineStream(output),
  );
  return adapt(logger);
}

function adapt(logger: pino.Logger): Logger {
  return {
    log(level: LogLevel, message: string, fields?: LogFields) {
      logger[level](fields ?? {}, message);
    },
    child: (fields) => adapt(logger.child(fields)),
  };
}

interface Output {
  write(line: string): unknown;
}

function lineStream(output: Output): pino.DestinationStream {
  return {
    write(line) {
      output.write(line);
    },
  };
}

function prettyStream(output: Output): pino.DestinationStream {
  const format = pretty.prettyFactory({ colorize: true, translateTime: "SYS:HH:MM:ss.l", singleLine: true });
  return {
    write(line) {
      output.write(format(line));
    },
  };
}
