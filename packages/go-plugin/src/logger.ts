/** Severity of a log event, from noisiest to gravest; the five levels of hclog that carry messages. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Facts of a log event. Values are logged as they are: never put secrets here. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log events go. An event is a constant message; what varies goes into the fields. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its events. */
  child(fields: LogFields): Logger;
}

/** Discards everything. */
export const silentLogger: Logger = {
  log() {},
  child: () => silentLogger,
};
