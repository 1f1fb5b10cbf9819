import { Writable } from "node:stream";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import { createHclogLogger } from "./hclog-logger.ts";
import { watchHost } from "./host-watch.ts";
import { openPluginServer } from "./plugin-server.ts";
import type { OwnedPluginServer } from "./plugin-server.ts";
import { processOutput } from "./process-output.ts";
import type { ServeOptions } from "./serve-options.ts";
import { writeAllSync } from "./write-all.ts";

/**
 * Runs this process as a plugin until its host ends it, then exits: with 0 after a served life, with 1 when it could not
 * start (the reason is on stderr). Takes over process.stdout, SIGINT and SIGTERM; import this package before anything
 * that prints.
 */
export async function serve(options: ServeOptions): Promise<never> {
  processOutput.adopt();
  const logger = options.logger ?? createHclogLogger(writeToHost);
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort());
  const server = await startOrExit(options, logger, ending.signal);
  processOutput.serve();
  watchProcess(server, logger);
  watchHost(() => {
    logger.log("warn", "plugin's host is gone, ending");
    void server.close();
  });
  processOutput.copyStderr();
  await server.closed;
  process.exit(0);
}

async function startOrExit(options: ServeOptions, logger: Logger, signal: AbortSignal): Promise<OwnedPluginServer> {
  try {
    const server = { ...options, logger, env: process.env, stdout: createFirstLine(), signal };
    return await openPluginServer(server, processOutput.relay);
  } catch (error) {
    // The reason comes last: hosts look for it there.
    processOutput.release(2);
    if (PluginError.is(error, "ERR_COOKIE_MISMATCH")) writeToHost(`${error.message}\n`);
    else logger.log("error", "plugin init error", { error });
    return process.exit(1);
  }
}

// What can end the process from outside or by accident, and what each leaves behind: nothing.
function watchProcess(server: OwnedPluginServer, logger: Logger): void {
  let interrupts = 0;
  // Ctrl-C on the host's terminal reaches the whole process group; it is the host that decides about its plugins.
  process.on("SIGINT", () => {
    logger.log("trace", "plugin received interrupt signal, ignoring", { count: ++interrupts });
  });
  process.on("uncaughtExceptionMonitor", (error) => logger.log("error", "plugin crashed", { error }));
  process.on("exit", () => server.removeFiles());
  process.stderr.on("error", exitWhenHostIsGone);
  process.stdout.on("error", exitWhenHostIsGone);
}

function createFirstLine(): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, callback) {
      try {
        writeAllSync(1, chunk);
        callback();
      } catch (error) {
        callback(error as Error);
      }
    },
  });
}

function writeToHost(line: string): void {
  try {
    writeAllSync(2, line);
  } catch (error) {
    exitWhenHostIsGone(error as NodeJS.ErrnoException);
  }
}

// Nobody reads our stderr any more: the host died, or let go of us.
function exitWhenHostIsGone(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(1);
}
