import type { LogFields, Logger } from "@fairlead/go-plugin";

/** A logger with fields that change: an entry's place in the configuration, when a reload moves it. */
export function createLiveLogger(logger: Logger, fields: () => LogFields): Logger {
  return {
    log: (level, message, more = {}) => logger.log(level, message, { ...fields(), ...more }),
    child: (bound) => createLiveLogger(logger, () => ({ ...fields(), ...bound })),
  };
}
