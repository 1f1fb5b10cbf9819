import type { Logger, LogLevel } from "@fairlead/go-plugin";
import { Command, InvalidArgumentError, Option } from "commander";

import { createLogger } from "../log/pino-logger.ts";
import type { FairleadServer, StartServerOptions } from "../start-server.ts";
import type { Config } from "../config/load-config.ts";
import { type ConfigFlags, loadConfigFromFlags, withConfigOptions } from "./config-options.ts";
import { onceAtATime } from "./once-at-a-time.ts";
import type { Terminal } from "./terminal.ts";

interface ServeFlags extends ConfigFlags {
  readonly logLevel: LogLevel;
  readonly logFormat: "auto" | "json" | "pretty";
  readonly graceTime: number;
}

/** After a second signal, what is not stopped by then is left behind. */
const IMPATIENT_EXIT_MS = 3_000;

/** `fairlead serve`: runs until SIGTERM or SIGINT. */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command("serve")
    .description("run the server in the foreground")
    .addOption(
      new Option("--log-level <level>", "least severe level logged")
        .choices(["trace", "debug", "info", "warn", "error"])
        .env("SFTPGO_LOG_LEVEL")
        .default("info"),
    )
    .addOption(
      new Option("--log-format <format>", "auto: pretty on a terminal, else json")
        .choices(["auto", "json", "pretty"])
        .default("auto"),
    )
    .addOption(
      new Option("--grace-time <seconds>", "how long clients may go on after a first SIGTERM or SIGINT")
        .env("SFTPGO_GRACE_TIME")
        .argParser(parseSeconds)
        .default(0),
    )
    .addHelpText(
      "after",
      `
The log goes to standard error. A second signal ends the grace time. SIGHUP reads the plugins section again.

Examples:
  $ fairlead serve -c /etc/fairlead
  $ SFTPGO_SFTPD__BINDINGS__0__PORT=2222 fairlead serve --log-level debug`,
    );
  return withConfigOptions(command).action(async (flags: ServeFlags) => {
    await serve(flags, terminal);
  });
}

async function serve(flags: ServeFlags, terminal: Terminal): Promise<void> {
  const isPretty = flags.logFormat === "auto" ? terminal.stderr.isTTY === true : flags.logFormat === "pretty";
  const logger = createLogger({ level: flags.logLevel, format: isPretty ? "pretty" : "json" });
  const config = loadConfigFromFlags(flags, terminal.env);
  const signals = listenForSignals(logger);
  try {
    // Loaded here, so that the other commands do not wait for SSH and gRPC.
    const { startServer } = await import("../start-server.ts");
    const readConfig = (): Config => loadConfigFromFlags(flags, terminal.env);
    const server = await startUnlessStopped(startServer, { config, readConfig, logger, signal: signals.stop });
    if (server === undefined) {
      logger.log("info", "stopped before it was ready");
      return;
    }
    // A storm of signals asks for no more than the configuration of its end.
    signals.onHangUp(
      onceAtATime(async () => {
        await reload(server, logger, signals.stop);
      }, signals.stop),
    );
    await untilAborted(signals.stop);
    await stop(server, flags.graceTime * 1000, signals.hurry, logger);
  } finally {
    signals.forget();
  }
}

/**
 * `undefined` when it was told to stop meanwhile. That is no failure: what was started is stopped again, as asked for, and
 * a service manager that stops a starting server must not take it for one that crashed.
 */
async function startUnlessStopped(
  start: (options: StartServerOptions) => Promise<FairleadServer>,
  options: StartServerOptions & { readonly signal: AbortSignal },
): Promise<FairleadServer | undefined> {
  try {
    return await start(options);
  } catch (error) {
    if (error === options.signal.reason) {
      return undefined;
    }
    throw error;
  }
}

/** Logs what became of it: nobody waits for the answer to a signal. */
async function reload(server: FairleadServer, logger: Logger, stop: AbortSignal): Promise<void> {
  try {
    const { ok, plugins } = await server.reload();
    const failed = plugins.filter(({ error }) => error !== undefined).length;
    logger.log(ok || stop.aborted ? "info" : "error", ok ? "plugins reloaded" : "plugins reloaded in part", {
      plugins: plugins.filter(({ outcome }) => outcome !== "removed").length,
      failed,
    });
  } catch (error) {
    if (stop.aborted) {
      logger.log("info", "reload given up, the server stops");
      return;
    }
    logger.log("error", "reload refused, everything goes on as before", { error });
  }
}

async function stop(server: FairleadServer, graceMs: number, hurry: AbortSignal, logger: Logger): Promise<void> {
  logger.log("info", "stopping", { graceMs, connections: server.connectionCount });
  let lastResort: NodeJS.Timeout | undefined;
  hurry.addEventListener("abort", () => {
    lastResort = setTimeout(() => {
      logger.log("error", "not stopped in time, exiting");
      process.exit(1);
    }, IMPATIENT_EXIT_MS);
  });
  await server.stop({ graceMs, signal: hurry });
  clearTimeout(lastResort);
  logger.log("info", "stopped");
}

interface Signals {
  /** Aborted by the first SIGTERM or SIGINT, or by an error nobody caught. */
  readonly stop: AbortSignal;
  /** Aborted by the second. */
  readonly hurry: AbortSignal;
  /** What a SIGHUP does from now on. Before, the configuration has just been read. */
  onHangUp(act: () => void): void;
  forget(): void;
}

function listenForSignals(logger: Logger): Signals {
  const stopController = new AbortController();
  const hurryController = new AbortController();
  const onStop = (signal: string): void => {
    logger.log("info", "signal received", { signal });
    (stopController.signal.aborted ? hurryController : stopController).abort();
  };
  let hangUp = (): void => {
    logger.log("info", "SIGHUP ignored: the server is starting");
  };
  const onHangUp = (signal: string): void => {
    logger.log("info", "signal received", { signal });
    hangUp();
  };
  const onBug = (error: unknown): void => {
    logger.log("error", "unexpected error, stopping", { error });
    process.exitCode = 1;
    stopController.abort();
  };
  const handlers = [
    ["SIGTERM", onStop],
    ["SIGINT", onStop],
    ["SIGHUP", onHangUp],
    ["uncaughtException", onBug],
  ] as const;
  for (const [name, handler] of handlers) {
    process.on(name, handler);
  }
  return {
    stop: stopController.signal,
    hurry: hurryController.signal,
    onHangUp(act) {
      hangUp = act;
    },
    forget() {
      for (const [name, handler] of handlers) {
        process.off(name, handler);
      }
    },
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
  }
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) {
    throw new InvalidArgumentError("It must be a whole number of seconds.");
  }
  return Number(text);
}
