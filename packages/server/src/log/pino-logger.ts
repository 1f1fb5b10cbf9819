import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";
import pino from "pino";
import pretty from "pino-pretty";

import { LineBuffer, type Output } from "./line-buffer.ts";

/** How a line of the log looks. */
export type LogFormat = "json" | "pretty";

/** What is logged, how, and where to. */
export interface LoggerOptions {
  /** Events below it are dropped. Default "info". */
  readonly level?: LogLevel;
  /** `pretty` for people on a terminal, `json` one object a line. */
  readonly format: LogFormat;
  /** Where to; `write` gets each line at once. Default the process's stderr, which gets what is not urgent in batches. */
  readonly output?: Output;
}

/** Fields that are never written, wherever they turn up by mistake. */
const SECRET_FIELDS = ["password", "passwordHash", "privateKey", "secret", "token"];

/**
 * The server's log. Warnings and errors are written at once with all that came before them, and an exit writes the
 * rest: only a process that is killed loses lines, and then the harmless ones of its last 10 ms.
 */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? openStderr();
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
  return adapt(logger, output instanceof LineBuffer ? output : undefined);
}

/** One buffer for the process, however many loggers: lines stay in order, and one listener waits for the exit. */
let stderr: LineBuffer | undefined;

function openStderr(): LineBuffer {
  if (stderr) return stderr;
  const buffer = new LineBuffer(pino.destination({ fd: 2, sync: true }));
  process.on("exit", () => buffer.flush());
  stderr = buffer;
  return buffer;
}

function adapt(logger: pino.Logger, buffer: LineBuffer | undefined): Logger {
  return {
    log(level: LogLevel, message: string, fields?: LogFields) {
      logger[level](fields ?? {}, message);
      if (level === "warn" || level === "error") buffer?.flush();
    },
    child: (fields) => adapt(logger.child(fields), buffer),
  };
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
